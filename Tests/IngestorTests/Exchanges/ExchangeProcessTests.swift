import Shared
import TestSupport
import Testing

@testable import Ingestor

/// The executable with an exchange as its source, through TLS, on the mock broker or the one that `KAFKA_BOOTSTRAP_SERVERS`
/// names.
@Suite("Ingestor process with an exchange", .ownThread, .timeLimit(.minutes(3)))
struct ExchangeProcessTests {
    private func ingestor(_ server: MarketServer, _ broker: TestBroker, _ more: [String: String]) throws
        -> ServiceProcess
    {
        let kafka = [
            "KAFKA_BOOTSTRAP_SERVERS": broker.settings.bootstrapServers,
            "KAFKA_TOPIC_PREFIX": broker.settings.topicPrefix, "KAFKA_FETCH_WAIT_MAX_MS": "10",
        ]
        return try ServiceProcess(
            "ingestor",
            environment: kafka.merging(server.environment) { $1 }.merging(more) { $1 }
        )
    }

    private func produced(_ ingestor: ServiceProcess, atLeast count: Double) throws {
        try ingestor.wait("\(count) acknowledged ticks") {
            try ingestor.metric("tickline_ingestor_ticks_acknowledged_total") >= count ? true : nil
        }
    }

    @Test("killed and started again it goes on where the topic ends: each trade once, in order, none left out")
    func killed() async throws {
        let broker = try TestBroker(topics: ["prices.raw": 3])
        let certificates = try TestCertificates()
        let market = ScriptedMarket(KrakenWords(), seed: 1, clockOffset: .zero, isTroubled: false)
        let server = try await MarketServer(market, certificates: certificates)
        let settings = ["INGESTOR_CA_FILE": certificates.authority]
        for _ in 0..<2 {
            let ingestor = try ingestor(server, broker, settings)
            try produced(ingestor, atLeast: 500)
            ingestor.kill()
        }
        let last = try ingestor(server, broker, settings)
        try last.waitUntilReady()
        let made = market.calm()
        try produced(last, atLeast: 500)
        try last.wait("nothing is missing") {
            try last.metric(#"tickline_ingestor_feed_missing_products{exchange="kraken"}"#) == 0 ? true : nil
        }
        #expect(try last.metric(#"tickline_ingestor_feed_connections_open{exchange="kraken"}"#) == 1)
        #expect(try last.metric(#"tickline_ingestor_feed_filled_trades_total{exchange="kraken"}"#) > 0)
        #expect(last.terminate() == 0)
        await server.end()
        let records = try broker.records(of: broker.name("prices.raw"))
        let ticks = try records.map { try PriceTick(json: Array(($0.value ?? "").utf8).span) }
        try market.check(ticks, upTo: made, "killed twice")
    }

    @Test("a server that nobody vouches for is not believed, and /readyz says why")
    func untrusted() async throws {
        let broker = try TestBroker(topics: ["prices.raw": 3])
        let market = ScriptedMarket(CoinbaseWords(), seed: 1, clockOffset: .zero, isTroubled: false)
        let server = try await MarketServer(market, certificates: try TestCertificates())
        let ingestor = try ingestor(server, broker, [:])
        let line = try ingestor.waitForLine(containing: "a connection was closed")
        #expect(line.lowercased().contains("certificate"), "\(line)")
        #expect(ingestor.terminate() == 0)
        await server.end()
        #expect(try broker.records(of: broker.name("prices.raw")).isEmpty)
    }
}
