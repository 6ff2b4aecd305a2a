import Shared
import TestSupport
import Testing

@testable import Ingestor

/// The simulator as a process, with the settings of docs/ingestor.md.
@Suite("Simulator process", .ownThread, .timeLimit(.minutes(3)))
struct SimulatorProcessTests {
    /// The values of `prices.raw` after a run, by partition and in order.
    private func run(_ settings: [String: String]) throws -> [Int32: [String]] {
        let broker = try TestBroker(topics: ["prices.raw": 3])
        let environment = [
            "KAFKA_BOOTSTRAP_SERVERS": broker.settings.bootstrapServers,
            "KAFKA_TOPIC_PREFIX": broker.settings.topicPrefix, "INGESTOR_SOURCE": "simulator",
        ].merging(settings) { $1 }
        let (code, output) = try ServiceProcess.run("ingestor", environment: environment)
        #expect(code == 0, "\(output)")
        let records = try broker.records(of: broker.name("prices.raw"))
        return Dictionary(grouping: records, by: \.partition).mapValues { $0.compactMap(\.value) }
    }

    @Test("a market that trades, with some of everything")
    func load() throws {
        let values = try run([
            "INGESTOR_COINS": "5000", "INGESTOR_RATE": "20000", "INGESTOR_TICKS": "12000",
            "INGESTOR_SIMULATOR_TRADES": "true", "INGESTOR_SIMULATOR_DISORDER": "0.05",
            "INGESTOR_SIMULATOR_LATE": "0.01", "INGESTOR_SIMULATOR_DUPLICATES": "0.01",
            "INGESTOR_SIMULATOR_BURSTS": "1m/5s/10x",
        ]).values.flatMap { $0 }
        #expect(values.count == 12_000)
        let ticks = try values.map { value in
            let bytes = Array(value.utf8)
            return try PriceTick(json: bytes.span)
        }
        #expect(ticks.allSatisfy { $0.size != nil && $0.source == "simulator" })
        #expect(Set(ticks.map(\.coinID)).count == 5_000)
        #expect((60...180).contains(values.count - Set(values).count))
    }

    @Test("with a time to start at two processes write the same bytes")
    func same() throws {
        let settings = [
            "INGESTOR_COINS": "1000", "INGESTOR_RATE": "max", "INGESTOR_TICKS": "20000",
            "INGESTOR_SIMULATOR_START": "2026-01-01T00:00:00Z", "INGESTOR_SIMULATOR_GAPS": "1s/500ms",
        ]
        let first = try run(settings)
        #expect(first.values.map(\.count).reduce(0, +) == 20_000)
        let second = try run(settings)
        #expect(first == second)
    }
}
