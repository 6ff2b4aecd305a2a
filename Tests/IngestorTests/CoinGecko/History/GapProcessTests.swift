import Shared
import TestSupport
import Testing

@testable import Ingestor

/// What was missed while the service was away comes from history, once, whatever happens meanwhile.
@Suite("Gaps, the service as a whole", .ownThread, .timeLimit(.minutes(5)))
struct GapProcessTests {
    typealias Answer = HTTPFixtureServer.Answer

    private func stateLog(_ broker: TestBroker) throws -> KafkaStateLog {
        try KafkaStateLog(
            kafka: broker.settings,
            partitions: 3,
            heartbeat: Readiness("kafka").heartbeat,
            stop: StopSignal()
        )
    }

    /// The ticks of history as `coin second price`, in the order of the topic.
    private func filled(_ broker: TestBroker) throws -> [String] {
        try broker.records(of: broker.name("prices.raw")).compactMap { record in
            let value = Array(try #require(record.value).utf8)
            let tick = try PriceTick(json: value.span)
            guard tick.source == "coingecko-history" else { return nil }
            return "\(tick.coinID) \(tick.timestamp.unixSeconds) \(tick.price)"
        }
    }

    /// When the process that noticed the gap is killed.
    enum Kill: Sendable, CaseIterable {
        /// It is asking which coins there are: only that there is a gap is written down.
        case naming
        /// It is asking for the first points.
        case filling
    }

    @Test(
        "fifty minutes without a poll, and a kill before they are filled: every missing point comes once",
        arguments: Kill.allCases
    )
    func away(kill: Kill) async throws {
        let broker = try TestBroker(topics: ["prices.raw": 3, "ingestor.state": 3])
        let hasHistory = StopSignal()
        let (coins, currencies) = (["a", "b"], ["usd"])
        let away = EventTime(microseconds: (EventTime.now().unixSeconds - 3_000) * 1_000_000)
        try await HTTPFixtureServer.run { request, number in
            let isHistory = request.path.hasSuffix("/market_chart/range")
            // The first request is the poll that finds the gap.
            let fails = kill == .naming ? number > 0 : isHistory
            return fails && !hasHistory.isRequested ? Answer(503) : ScriptedHistory.answer(request)
        } _: { server in
            // What the process before this one wrote when it was answered last. The second id is not known to anybody.
            let wanted = CoinList.ids(coins + ["no-coin"])
            let page = MarketsRequest.round(coins: wanted, vsCurrencies: currencies, baseURL: server.url)[0]
            let memory = PageMemory(etag: nil, isEmpty: false, newest: nil, answered: away)
            let log = try stateLog(broker)
            #expect(try log.append(StateRecord(key: .page(page.pageName), value: memory.bytes)))

            let environment = [
                "KAFKA_BOOTSTRAP_SERVERS": broker.settings.bootstrapServers,
                "KAFKA_TOPIC_PREFIX": broker.settings.topicPrefix, "KAFKA_FETCH_WAIT_MAX_MS": "10",
                "COINGECKO_BASE_URL": server.url, "COINGECKO_CALLS_PER_MINUTE": "100000",
                "INGESTOR_COINS": "a,b,no-coin", "COINGECKO_BACKFILL_GAPS": "true",
            ]
            func history() -> Int { server.requests.count { $0.path.hasSuffix("/market_chart/range") } }
            let first = try ServiceProcess("ingestor", environment: environment)
            try first.waitForLine(containing: "nothing was polled from \(away)")
            try first.wait("a request that fails") {
                server.requests.count > 1 && (kill == .naming || history() > 0) ? true : nil
            }
            first.kill()
            #expect(try filled(broker).isEmpty)

            hasHistory.request()
            let second = try ServiceProcess("ingestor", environment: environment)
            try second.waitForLine(containing: "is complete")
            #expect(second.terminate() == 0)
            let calls = history()

            let third = try ServiceProcess("ingestor", environment: environment)
            try third.waitUntilReady()
            StopSignal().sleep(for: .seconds(1))
            #expect(third.terminate() == 0)
            #expect(history() == calls, "there is nothing left to fill")
        }
        let table = try stateLog(broker).table
        #expect(table.backfills.count == 1)
        let gap = try #require(table.backfills.values.first)
        #expect(gap.from == away && gap.isDone && gap.isGap)
        let expected = ScriptedHistory.expected(coins, away.unixSeconds, gap.to.unixSeconds + 1, step: 300)
        #expect(expected.count >= 20)
        let points = try filled(broker)
        #expect(points.count == expected.count)
        #expect(Set(points) == expected)
    }
}
