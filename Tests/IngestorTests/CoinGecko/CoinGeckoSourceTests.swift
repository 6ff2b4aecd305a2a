import Shared
import TestSupport
import Testing

@testable import Ingestor

/// The source over real HTTP on loopback, with the clock that waits in the test's hands.
@Suite("CoinGecko source", .timeLimit(.minutes(2)))
struct CoinGeckoSourceTests {
    private static let date = CoinGeckoRun.date
    private static let empty = CoinGeckoRun.page()

    private static func page(_ rows: String..., headers: [String: String] = [:]) -> HTTPFixtureServer.Answer {
        CoinGeckoRun.page(rows, headers: headers)
    }

    /// Makes as many requests as there are answers.
    private func poll(
        _ answers: [HTTPFixtureServer.Answer],
        coins: CoinList = .largest(250),
        vsCurrencies: [String] = ["usd"],
        environment: [String: String] = [:],
        log: MemoryLog = MemoryLog()
    ) async throws -> CoinGeckoRun {
        try await CoinGeckoRun.poll(
            requests: answers.count,
            coins: coins,
            vsCurrencies: vsCurrencies,
            environment: environment,
            log: log
        ) { _, number in answers.indices.contains(number) ? answers[number] : Self.empty }
    }

    @Test("a page with every odd value becomes ticks, digit for digit")
    func oddValues() async throws {
        let run = try await poll([HTTPFixtureServer.Answer(200, MarketsFixtures.page, headers: ["Date": Self.date])])
        #expect(run.ticks.map(\.coinID) == ["bitcoin", "01coin", "shiba-inu", "02-token"])
        let prices = run.ticks.map(\.price.description)
        #expect(prices == ["70187", "0.00012", "0.00000808", "0.00087631"])
        #expect(
            run.ticks.map(\.timestamp.description) == [
                "2026-05-18T12:49:21.599Z", "2026-05-18T12:49:30.000Z", "2026-05-18T12:49:20.000Z",
                "2026-01-05T12:49:00.017Z",
            ]
        )
        #expect(run.ticks.map(\.name) == ["Bitcoin", "01coin", "Shiba Inu", "O2 Token"])
        #expect(run.ticks[3].marketCap == .zero)
        #expect(run.ticks[3].high24h == nil)
        #expect(run.ticks.allSatisfy { $0.source == "coingecko" && $0.vsCurrency == "usd" })
        #expect(run.metrics.skipped(.noPrice)?.value == 1)
        #expect(run.requests[0].path == "/api/v3/coins/markets")
        #expect(run.requests[0].query["vs_currency"] == "usd")
        #expect(run.requests[0].query["per_page"] == "250")
        #expect(run.requests[0].headers["user-agent"]?.hasPrefix("tickline-ingestor/") == true)
        #expect(run.requests[0].headers.keys.contains { $0.hasPrefix("x-cg") } == false)
    }

    @Test("a re-poll sends what changed and nothing else, the stale coin included")
    func repoll() async throws {
        let bitcoin = MarketsFixtures.row("bitcoin", "70200.5", "2026-05-18T12:50:21.000Z")
        let run = try await poll([
            Self.page(MarketsFixtures.full, MarketsFixtures.stale),
            Self.page(MarketsFixtures.full, MarketsFixtures.stale),
            Self.page(bitcoin, MarketsFixtures.stale),
        ])
        #expect(run.batches.map(\.count) == [2, 0, 1])
        #expect(run.batches[2].map(\.price.description) == ["70200.5"])
        #expect(run.metrics.unchanged.value == 3)
        #expect(run.waits == [.seconds(60), .seconds(60)])
    }

    @Test("an ETag is sent back, and 304 says that nothing changed")
    func notModified() async throws {
        let run = try await poll([
            Self.page(MarketsFixtures.full, headers: ["ETag": "W/\"1\""]),
            HTTPFixtureServer.Answer(304, "", headers: ["Date": Self.date]),
            Self.page(MarketsFixtures.full),
        ])
        #expect(run.batches.map(\.count) == [1, 0, 0])
        #expect(run.requests.map { $0.headers["if-none-match"] } == [nil, "W/\"1\"", "W/\"1\""])
    }

    @Test("pages go on until one is empty, for every currency")
    func paging() async throws {
        let run = try await poll(
            [
                Self.page(MarketsFixtures.row("a", "1", "2026-05-18T12:49:00Z")),
                Self.page(MarketsFixtures.row("b", "2", "2026-05-18T12:49:00Z")),
                Self.empty,
                Self.page(MarketsFixtures.row("a", "0.9", "2026-05-18T12:49:00Z")),
                Self.empty,
            ],
            coins: .largest(1_000),
            vsCurrencies: ["usd", "eur"],
            environment: ["COINGECKO_CALLS_PER_MINUTE": "30"]
        )
        #expect(run.requests.map { $0.query["page"] } == ["1", "2", "3", "1", "2"])
        #expect(run.requests.map { $0.query["vs_currency"] } == ["usd", "usd", "usd", "eur", "eur"])
        #expect(run.ticks.map { "\($0.coinID) \($0.vsCurrency) \($0.price)" } == ["a usd 1", "b usd 2", "a eur 0.9"])
        #expect(run.waits.isEmpty)
    }

    @Test("a rate limit under 429 and under 200 is waited out, as long as it says and longer each time")
    func rateLimited() async throws {
        let body = #"{"status":{"error_code":429,"error_message":"slow down"}}"#
        let run = try await poll(
            [
                HTTPFixtureServer.Answer(429, body, headers: ["Retry-After": "7"]),
                HTTPFixtureServer.Answer(200, body),
                HTTPFixtureServer.Answer(
                    429,
                    "",
                    headers: ["Retry-After": "Mon, 18 May 2026 12:54:30 GMT", "Date": Self.date]
                ),
                Self.page(MarketsFixtures.full),
            ],
            environment: ["COINGECKO_CALLS_PER_MINUTE": "30"]
        )
        #expect(run.ticks.map(\.coinID) == ["bitcoin"])
        #expect(run.metrics.rateLimited.value == 3)
        #expect(run.waits.count == 3)
        #expect(run.waits[0] >= .seconds(22.5) && run.waits[0] <= .seconds(30), "7 s are less than the backoff")
        #expect(run.waits[1] >= .seconds(45) && run.waits[1] <= .seconds(60))
        #expect(run.waits[2] == .seconds(300))
        #expect(Set(run.requests.map { $0.query["page"] }) == ["1"])
    }

    @Test("a server's own failures are tried again soon, and longer each time")
    func unavailable() async throws {
        let run = try await poll(
            [
                HTTPFixtureServer.Answer(500), HTTPFixtureServer.Answer(502, "<html></html>"),
                HTTPFixtureServer.Answer(200, "<html>Just a moment...</html>"),
                HTTPFixtureServer.Answer(200, "[{\"id\""),
                Self.page(MarketsFixtures.full),
            ],
            environment: ["COINGECKO_CALLS_PER_MINUTE": "30"]
        )
        #expect(run.ticks.map(\.coinID) == ["bitcoin"])
        #expect(run.waits.count == 4)
        for (wait, most) in zip(run.waits, [1.0, 2, 4, 8]) {
            #expect(wait <= .seconds(most) && wait >= .seconds(most * 0.75), "\(run.waits)")
        }
    }

    @Test(
        "the key goes into the header of its plan",
        arguments: [("demo", "x-cg-demo-api-key"), ("pro", "x-cg-pro-api-key")]
    )
    func key(plan: String, header: String) async throws {
        let run = try await poll(
            [Self.page(MarketsFixtures.full)],
            environment: ["COINGECKO_PLAN": plan, "COINGECKO_API_KEY": "CG-secret"]
        )
        #expect(run.requests[0].headers[header] == "CG-secret")
        #expect(run.requests[0].headers.count { $0.key.hasPrefix("x-cg") } == 1)
    }

    @Test("a key that is refused at the start ends the service with what to change; later it is waited out")
    func wrongKey() async throws {
        let refused = HTTPFixtureServer.Answer(
            400,
            #"{"error_code":10011,"status":{"error_message":"use the root URL of demo keys"}}"#
        )
        let environment = ["COINGECKO_PLAN": "pro", "COINGECKO_API_KEY": "CG-secret"]
        let atStart = try await poll([refused], environment: environment)
        #expect(atStart.failure?.contains("COINGECKO_PLAN=demo") == true)
        #expect(atStart.failure?.contains("CG-secret") == false)

        let later = try await poll(
            [Self.page(MarketsFixtures.full), refused, Self.page(MarketsFixtures.full)],
            environment: environment
        )
        #expect(later.failure == nil)
        #expect(later.waits == [.seconds(30), .seconds(300)])
    }

    @Test("prices from the future take the answer's Date and are counted; old ones keep their time")
    func skew() async throws {
        let run = try await poll([
            Self.page(
                MarketsFixtures.row("future", "1", "2026-05-18T20:49:30.000Z"),
                MarketsFixtures.row("near", "2", "2026-05-18T12:49:40.000Z")
            ),
            Self.page(MarketsFixtures.stale),
        ])
        #expect(
            run.ticks.map(\.timestamp.description) == [
                "2026-05-18T12:49:30.000Z", "2026-05-18T12:49:40.000Z", "2026-01-05T12:49:00.017Z",
            ]
        )
        #expect(run.metrics.ahead.value == 1)
        #expect(run.metrics.behind.value == 1)
    }

    @Test("the minute's budget holds back even a round that has more pages than it allows")
    func budget() async throws {
        let pages = (0..<8).map { Self.page(MarketsFixtures.row("c\($0)", "1", "2026-05-18T12:49:00Z")) }
        let run = try await poll(pages, coins: .largest(2_000))
        #expect(run.ticks.count == 8)
        #expect(run.waits == [.seconds(60)], "5 at once, then a pause until the minute is over")
    }

    @Test("what stands in Kafka is not sent again")
    func restored() async throws {
        let log = MemoryLog()
        let time = try #require(EventTime("2026-05-18T12:49:21.599Z"))
        let tick = SentTick(timestamp: time, price: .zero, lastUpdated: time)
        log.append(StateRecord(key: .coin(CoinKey(coinID: "bitcoin", vsCurrency: "usd")), value: tick.bytes))
        let run = try await poll([Self.page(MarketsFixtures.full, MarketsFixtures.digits)], log: log)
        #expect(run.ticks.map(\.coinID) == ["shiba-inu"])
    }
}
