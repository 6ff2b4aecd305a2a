import Shared
import TestSupport
import Testing

@testable import Ingestor

/// CoinPaprika over real HTTP on loopback, with the clock that waits in the test's hands.
@Suite("CoinPaprika source", .timeLimit(.minutes(2)))
struct CoinPaprikaSourceTests {
    typealias Answer = HTTPFixtureServer.Answer

    private static func page(_ coins: String..., headers: [String: String] = [:]) -> Answer {
        CoinGeckoRun.page(coins, headers: headers)
    }

    private func poll(
        requests count: Int = .max,
        until end: Duration = .seconds(86_400),
        coins: CoinList = .largest(100),
        vsCurrencies: [String] = ["usd"],
        environment: [String: String] = [:],
        beginning: Duration = .zero,
        log: MemoryLog = MemoryLog(),
        answering answer: @escaping @Sendable (HTTPFixtureServer.Request, Int) async -> Answer
    ) async throws -> CoinGeckoRun {
        try await HTTPFixtureServer.run(answering: answer) { server in
            let environment = ["COINPAPRIKA_BASE_URL": server.url + "/v1/"].merging(environment) { $1 }
            let settings = try CoinPaprikaSettings(SettingsReader(environment: environment))
            let vendor = CoinPaprika(settings: settings, coins: coins, vsCurrencies: vsCurrencies)
            var run = try await onOwnThread {
                try CoinGeckoRun.run(vendor, log, beginning: beginning, requests: count, until: end)
            }
            run.requests = server.requests
            return run
        }
    }

    @Test("one request brings ticks in three currencies, with the coin's own time, no key and a name")
    func ticks() async throws {
        let run = try await poll(requests: 1, vsCurrencies: ["usd", "eur"]) { _, _ in
            Answer(200, TickersFixtures.page, headers: ["Date": CoinGeckoRun.date])
        }
        #expect(
            run.ticks.map { "\($0.coinID) \($0.vsCurrency) \($0.price)" } == [
                "bitcoin usd 70187.33589361234", "bitcoin eur 64000", "binancecoin usd 0.00000808123456789",
            ]
        )
        #expect(run.ticks.allSatisfy { $0.source == "coinpaprika" })
        #expect(run.ticks[0].timestamp.description == "2026-05-18T12:45:21.000Z")
        #expect(run.metrics.skipped(.malformed)?.value == 5, "a price, a time in two currencies, two elements")
        let request = try #require(run.requests.first)
        #expect(request.path == "/v1/tickers")
        #expect(request.query["quotes"] == "USD,EUR")
        #expect(request.headers["user-agent"]?.hasPrefix("tickline-ingestor/") == true)
        #expect(request.headers["authorization"] == nil)
    }

    @Test("it polls as often as prices change and as the month allows, and what is not new is not sent")
    func pace() async throws {
        let row = TickersFixtures.coin("btc-bitcoin", rank: 1, "1", "2026-05-18T12:45:21Z")
        let run = try await poll(requests: 4) { _, _ in Self.page(row) }
        #expect(run.times == (0..<4).map { .seconds($0 * 300) })
        #expect(run.ticks.count == 1)
        // Seven requests a round: 31 days / (20 000 - 7) calls is 134 s, times seven.
        let many = CoinPaprikaSettings.quotes.sorted().prefix(21).map { $0 }
        let slow = try await poll(requests: 15, vsCurrencies: many) { _, _ in Self.page() }
        #expect(slow.times[7] >= .seconds(937) && slow.times[7] < .seconds(940), "\(slow.times)")
    }

    @Test("calls are counted in a ledger of its own, and a tick that CoinGecko sent is not one of CoinPaprika's")
    func ledger() async throws {
        let log = MemoryLog()
        let row = TickersFixtures.coin("btc-bitcoin", rank: 1, "1", "2026-05-18T12:45:21Z")
        let later = try #require(EventTime("2026-05-18T12:49:21Z"))
        let tick = SentTick(timestamp: later, price: .zero, lastUpdated: later)
        log.append(StateRecord(key: .coin(CoinKey(coinID: "bitcoin", vsCurrency: "usd")), value: tick.bytes))
        let run = try await poll(requests: 2, log: log) { _, _ in Self.page(row) }
        #expect(run.ticks.count == 1)
        let budgets = MemoryStateLog(log).table.budgets
        #expect(budgets.mapValues { $0.spent(at: CoinGeckoRun.start) } == ["coinpaprika-keyless": 2])
        let again = try await poll(requests: 1, beginning: .seconds(900), log: log) { _, _ in
            Self.page(row, headers: ["Date": "Mon, 18 May 2026 13:04:30 GMT"])
        }
        #expect(again.ticks.isEmpty, "it was sent before the restart")
    }

    @Test(
        "a limit holds everything for as long as it says, under both of its statuses",
        arguments: [429, 402]
    )
    func limit(status: Int) async throws {
        let error = #"{"error":"you have reached maximum request limit"}"#
        let run = try await poll(requests: 4, vsCurrencies: ["usd", "eur", "btc", "eth"]) { _, number in
            number == 0 ? Answer(status, error, headers: ["Retry-After": "400"]) : Self.page()
        }
        #expect(run.times[0] == .zero)
        #expect(run.times[1...].allSatisfy { $0 >= .seconds(400) }, "\(run.times)")
        #expect(run.metrics.rateLimited.value == 1)
        #expect("\(run.states[0])".contains("CoinPaprika limits the rate (HTTP \(status): you have reached"))
        #expect(run.failure == nil)
    }

    @Test("without a Retry-After it waits from half a minute to ten")
    func backoff() async throws {
        let run = try await poll(requests: 8) { _, _ in Answer(429) }
        let waits = zip(run.times, run.times.dropFirst()).map { $1 - $0 }
        for (number, wait) in waits.enumerated() {
            #expect(wait >= .seconds(min(22.5 * Double(1 << number), 450)) && wait <= .seconds(600), "\(waits)")
        }
    }

    @Test(
        "what is no page is asked for again, ever more rarely",
        arguments: [
            Answer(503), Answer(200, "<html>Just a moment…</html>"), Answer(200, #"{"error":"later"}"#),
            Answer(200, "[{\"id\":"),
        ]
    )
    func trouble(answer: Answer) async throws {
        let row = TickersFixtures.coin("btc-bitcoin", rank: 1, "1", "2026-05-18T12:45:21Z")
        // A month in which no attempt has to wait for its place.
        let environment = ["COINPAPRIKA_CALLS_PER_MONTH": "1000000000"]
        let run = try await poll(requests: 5, environment: environment) { _, number in
            number == 4 ? Self.page(row) : answer
        }
        let waits = zip(run.times, run.times.dropFirst()).map { $1 - $0 }
        for (wait, most) in zip(waits, [1.0, 2, 4, 8]) {
            #expect(wait <= .seconds(most) && wait >= .seconds(most * 0.75))
        }
        #expect(run.ticks.count == 1)
        #expect(run.states.last == .ok)
    }

    @Test("its network's refusal waits; a wrong key or currency ends the start, and after a good answer nothing does")
    func refusals() async throws {
        let blocked = try await poll(requests: 2) { _, _ in Answer(403, "<html>1020</html>") }
        #expect(blocked.failure == nil)
        let key = ["COINPAPRIKA_API_KEY": "very-secret"]
        let wrong = try await poll(requests: 5, environment: key) { _, _ in
            Answer(403, #"{"error":"invalid API key very-secret"}"#)
        }
        #expect(wrong.requests.count == 1)
        #expect(wrong.failure?.contains("COINPAPRIKA_API_KEY") == true)
        #expect(wrong.failure?.contains("very-secret") == false)
        let refused = try await poll(requests: 5) { _, _ in Answer(400, #"{"error":"invalid quotes"}"#) }
        #expect(refused.requests.count == 1)
        #expect(refused.failure?.contains("INGESTOR_VS_CURRENCIES") == true)
        let later = try await poll(until: .seconds(1_200)) { _, number in
            number == 0 ? Self.page() : Answer(400, #"{"error":"invalid quotes"}"#)
        }
        #expect(later.failure == nil)
        #expect(later.times == [0, 300, 600, 900].map { .seconds($0) })
    }

    @Test("with a key it asks for the plan's figures and sends the bare key in a header; the figures set the pace")
    func paid() async throws {
        let info = #"{"plan":"starter","usage":{"current_month":{"requests_made":1,"requests_left":999}}}"#
        let run = try await poll(requests: 3, environment: ["COINPAPRIKA_API_KEY": "very-secret"]) { request, _ in
            request.path == "/v1/key/info" ? Answer(200, info) : Self.page()
        }
        #expect(run.requests.map(\.path) == ["/v1/key/info", "/v1/tickers", "/v1/tickers", "/v1/tickers"])
        #expect(run.requests.allSatisfy { $0.headers["authorization"] == "very-secret" })
        #expect(run.times[2] - run.times[1] >= .seconds(2_680), "\(run.times)")
        #expect(run.metrics.monthLeft.value == 996)
    }

    @Test("a time from the future is not believed, one from long ago is sent once, and a missing one is the answer's")
    func times() async throws {
        let run = try await poll(requests: 2) { _, number in
            Self.page(
                TickersFixtures.coin("a-future", rank: 1, "1", "2026-05-18T20:00:00Z"),
                TickersFixtures.coin("b-old", rank: 2, "2", "2025-01-01T00:00:00Z"),
                #"{"id":"c-none","rank":3,"quotes":{"USD":{"price":\#(number)}}}"#
            )
        }
        let first = run.batches[0].map { "\($0.coinID) \($0.timestamp)" }
        #expect(
            first == [
                "a-future@coinpaprika 2026-05-18T12:49:30.000Z", "b-old@coinpaprika 2025-01-01T00:00:00.000Z",
                "c-none@coinpaprika 2026-05-18T12:49:30.000Z",
            ]
        )
        #expect(run.metrics.ahead.value == 1)
        #expect(!run.batches[1].map(\.coinID).contains("b-old@coinpaprika"))
    }

    @Test("ids that it doesn't have are told once, without a call")
    func unknown() async throws {
        let row = TickersFixtures.coin("btc-bitcoin", rank: 1, "1", "2026-05-18T12:45:21Z")
        let run = try await poll(requests: 3, coins: .ids(["bitcoin", "btc"])) { _, _ in Self.page(row) }
        #expect(run.ticks.map(\.coinID) == ["bitcoin"])
        #expect(run.metrics.unknownCoins.value == 1)
        #expect(run.requests.count == 3)
    }

    @Test("settings that CoinPaprika can't do are said at the start")
    func settings() throws {
        func problems(_ environment: [String: String]) -> String {
            do throws(SettingsError) {
                let reader = SettingsReader(environment: environment.merging(["INGESTOR_SOURCE": "coinpaprika"]) { $1 })
                _ = try CoinPaprikaSettings(reader, for: try IngestorSettings(reader))
                return ""
            } catch {
                return "\(error)"
            }
        }
        #expect(problems([:]) == "")
        #expect(problems(["INGESTOR_VS_CURRENCIES": "usd,sats"]).contains("sats, which CoinPaprika doesn't quote in"))
        #expect(problems(["INGESTOR_CATEGORY": "layer-1"]).contains("INGESTOR_CATEGORY"))
        #expect(problems(["COINPAPRIKA_BASE_URL": "host"]).contains("COINPAPRIKA_BASE_URL"))
    }
}
