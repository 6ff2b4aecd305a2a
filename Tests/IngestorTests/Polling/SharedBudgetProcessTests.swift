import Shared
import TestSupport
import Testing

/// Processes that share a key, and with it a budget in `ingestor.state`.
@Suite("A shared budget, services as a whole", .ownThread, .timeLimit(.minutes(3)))
struct SharedBudgetProcessTests {
    @Test("four processes that start at once make as many requests in a minute as one may")
    func race() async throws {
        let broker = try TestBroker(topics: ["prices.raw": 3, "ingestor.state": 3])
        try await HTTPFixtureServer.run { _, _ in
            HTTPFixtureServer.Answer(200, MarketsFixtures.page)
        } _: { server in
            let environment = [
                "KAFKA_BOOTSTRAP_SERVERS": broker.settings.bootstrapServers,
                "KAFKA_TOPIC_PREFIX": broker.settings.topicPrefix, "KAFKA_FETCH_WAIT_MAX_MS": "10",
                "COINGECKO_BASE_URL": server.url, "COINGECKO_CALLS_PER_MINUTE": "10", "INGESTOR_COINS": "1500",
            ]
            let began = ContinuousClock.now
            let processes = try (0..<4).map { _ in try ServiceProcess("ingestor", environment: environment) }
            try processes[0].wait("ten requests") { server.requests.count >= 10 ? true : nil }
            // Each has six pages to ask for; there is time for all of them before the first minute is over.
            while began.duration(to: .now) < .seconds(20) { StopSignal().sleep(for: .milliseconds(100)) }
            #expect(server.requests.count == 10)
            for process in processes { #expect(process.terminate() == 0) }
        }
    }
}
