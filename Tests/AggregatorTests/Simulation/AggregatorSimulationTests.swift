import TestSupport
import Testing

/// Crashes, zombies, lost answers and broken rebalances by the hour: `TICKLINE_SIMULATION_HOURS`, `TICKLINE_SIMULATION_SEED`.
@Suite("Simulation of the Aggregator", .ownThread)
struct AggregatorSimulationTests {
    /// Those that have found something.
    private static let seeds: [UInt64] = [
        1, 2, 3, 14_193_692_578_953_695_179, 12_221_216_741_460_769_502,
    ]

    @Test("Whatever befalls instances and broker, the topics hold what the ticks say, once")
    func holds() throws {
        let failure = try SimulationRuns.failure(fixed: Self.seeds) { try AggregatorSimulation($0).run() }
        #expect(failure == nil, "\(failure ?? "")")
    }
}
