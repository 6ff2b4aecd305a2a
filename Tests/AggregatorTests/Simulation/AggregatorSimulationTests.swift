import Shared
import TestSupport
import Testing

@testable import Aggregator

/// Crashes, zombies, lost answers and broken rebalances by the hour: `TICKLINE_SIMULATION_HOURS`, `TICKLINE_SIMULATION_SEED`.
@Suite("Simulation of the Aggregator", .ownThread)
struct AggregatorSimulationTests {
    /// Always run.
    private static let seeds: [UInt64] = [1, 2, 3]

    @Test("Whatever befalls instances and broker, the topics hold what the ticks say, once")
    func holds() throws {
        let failure = try SimulationRuns.failure(fixed: Self.seeds) { try AggregatorSimulation($0).run() }
        #expect(failure == nil, "\(failure ?? "")")
    }

    @Test("A stop doesn't wait until the transaction at hand has lasted its interval")
    func stops() throws {
        let simulation = Simulation(seed: 1)
        let settings = try AggregatorSettings(
            SettingsReader(environment: ["AGGREGATOR_INSTANCE": "a", "AGGREGATOR_TRANSACTION_INTERVAL": "5s"])
        )
        let kafka = SimulatedKafka(simulation, topics: Topic.allCases.map(\.rawValue), partitions: 1)
        let aggregator = SimulatedAggregator(settings: settings, kafka: kafka, rules: []) { Issue.record("\($0)") }
        kafka.feed(TickMaker(seed: 1, coins: 2), after: { 100_000 })
        let stop = StopSignal()
        let process = simulation.start("a") { aggregator.live($0, until: stop) }
        simulation.run(until: 12_000_000)
        let state = kafka[TopicPartition(topic: Topic.aggregatorState.rawValue, partition: 0)]
        #expect(!state.committed.isEmpty, "it works")
        stop.request()
        simulation.run(until: 12_500_000)
        #expect(process.hasEnded)
        simulation.finish()
    }
}
