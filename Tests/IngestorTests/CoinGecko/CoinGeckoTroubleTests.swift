import Foundation
import Shared
import TestSupport
import Testing

@testable import Ingestor

/// What a server, or what stands in front of it, does wrong.
@Suite("CoinGecko in trouble", .timeLimit(.minutes(2)))
struct CoinGeckoTroubleTests {
    typealias Answer = HTTPFixtureServer.Answer

    private static let pro = ["COINGECKO_PLAN": "pro", "COINGECKO_API_KEY": "CG-secret"]
    private static let refused = Answer(400, #"{"error":"invalid vs_currency"}"#)
    private static let full = CoinGeckoRun.page([MarketsFixtures.full])

    @Test("after a good answer nothing that a server sends ends the service, be it no HTTP at all")
    func notHTTP() async throws {
        let good = """
            HTTP/1.1 200 OK\r\nDate: \(CoinGeckoRun.date)\r\nETag: "a\rb"\r\nContent-Length: 2\r\n\r\n[]
            """
        let server = try RawAnswerServer([
            "no HTTP", good, "no HTTP either\n", "HTTP/9.9 200 OK\r\n\r\n[]", "HTTP/1.1 200 OK\r\nbroken", "",
            "\u{16}\u{3}\u{1}\u{2}", "HTTP/1.1 200 OK\r\nContent-Encoding: rot13\r\nContent-Length: 2\r\n\r\n[]", good,
        ])
        let settings = try CoinGeckoSettings(SettingsReader(environment: ["COINGECKO_BASE_URL": server.url]))
        let run = try await onOwnThread {
            try CoinGeckoRun.run(settings, requests: 12)
        }
        #expect(run.failure == nil)
        #expect(run.times.count == 12)
        #expect(run.states.last == .ok)
        #expect(server.count == 12)
    }

    @Test(
        "a Retry-After of nothing, or of the past, is no reason to hurry",
        arguments: ["0", "-1", "Mon, 18 May 2026 12:00:00 GMT"]
    )
    func nothingToWait(text: String) async throws {
        for (status, least) in [(503, 0.75), (429, 22.5)] {
            let run = try await CoinGeckoRun.poll(requests: 6, environment: Self.pro) { _, _ in
                Answer(status, "", headers: ["Retry-After": text, "Date": CoinGeckoRun.date])
            }
            let waits = zip(run.times, run.times.dropFirst()).map { $1 - $0 }
            for (number, wait) in waits.enumerated() {
                #expect(wait >= .seconds(min(least * Double(1 << number), 450)), "\(status): \(waits)")
            }
        }
    }

    @Test("a Retry-After that is longer than the backoff counts")
    func longRetryAfter() async throws {
        for status in [503, 429] {
            let run = try await CoinGeckoRun.poll(requests: 3, environment: Self.pro) { _, _ in
                Answer(status, "", headers: ["Retry-After": "200"])
            }
            #expect(run.times == [.zero, .seconds(200), .seconds(400)], "\(status)")
        }
    }

    @Test("a currency that is refused costs the others nothing")
    func refusedCurrency() async throws {
        let run = try await CoinGeckoRun.poll(
            until: .seconds(1_200),
            vsCurrencies: ["usd", "xyz"],
            environment: Self.pro
        ) { request, _ in request.query["vs_currency"] == "xyz" ? Self.refused : Self.full }
        #expect(run.failure == nil)
        #expect(run.times { $0.query["vs_currency"] == "usd" } == (0..<40).map { .seconds($0 * 30) })
        #expect(run.times { $0.query["vs_currency"] == "xyz" } == (0..<4).map { .seconds($0 * 300) })
        #expect(run.states.allSatisfy { $0 == .ok })
    }

    @Test("a page that always fails costs the others nothing, and is asked ever more rarely")
    func failingPage() async throws {
        let run = try await CoinGeckoRun.poll(until: .seconds(1_200), coins: .largest(750), environment: Self.pro) {
            request,
            _ in request.query["page"] == "2" ? Answer(500) : Self.full
        }
        for page in ["1", "3"] {
            let times = run.times { $0.query["page"] == page }
            #expect(times.count == 40, "page \(page)")
            #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 <= .seconds(31) }, "page \(page): \(times)")
        }
        let failing = run.times { $0.query["page"] == "2" }
        #expect((20...32).contains(failing.count), "\(failing)")
        #expect(run.states.allSatisfy { $0 == .ok })
    }

    @Test("a server that answers nothing is asked for one thing at a time, and every page is back soon after it is")
    func deadServer() async throws {
        let run = try await CoinGeckoRun.poll(requests: 60, coins: .largest(5_000), environment: Self.pro) {
            _,
            number in
            (20..<48).contains(number) ? Answer(502) : Self.full
        }
        // A round that works, one that fails, then one request after a second, two, four and so on.
        #expect(run.times[..<20].allSatisfy { $0 == .zero })
        #expect(run.times[20..<40].allSatisfy { $0 == .seconds(30) })
        #expect(run.states[38] == .ok)
        #expect(run.states[39..<48].allSatisfy { $0 != .ok })
        for (number, most) in [1.0, 2, 4, 8, 16, 32, 60, 60, 60].enumerated() {
            let wait = run.times[40 + number] - run.times[39 + number]
            #expect(wait >= .seconds(most * 0.75) && wait <= .seconds(most + 0.001), "\(run.times)")
        }
        #expect(run.states[48] == .ok)
        #expect(run.times[59] == run.times[48], "\(run.times)")
        #expect(Set(run.requests[48..<60].map { $0.query["page"] }).count == 12)
    }

    @Test(
        "a rate limit, a blocked address and a refused key concern every page",
        arguments: [
            (429, #"{"status":{"error_code":429}}"#, 22.5), (403, "<html>1020</html>", 22.5),
            (401, #"{"status":{"error_code":10002}}"#, 300),
        ]
    )
    func concernsAll(status: Int, body: String, least: Double) async throws {
        let run = try await CoinGeckoRun.poll(requests: 8, coins: .largest(1_000), environment: Self.pro) { _, number in
            number == 2 ? Answer(status, body) : Self.full
        }
        #expect(run.times[..<3].allSatisfy { $0 == .zero })
        #expect(run.times[3] >= .seconds(least))
        #expect(run.states[2] != .ok)
        #expect(run.states[3] == .ok)
        // The pages that wait come first, those that were answered before when they are due.
        #expect(
            Set(run.requests[2...4].compactMap { $0.query["page"] }) == (least == 300 ? ["1", "2", "3"] : ["3", "4"])
        )
    }

    @Test("no two polls of a page are closer than the interval, whatever failed in between")
    func interval() async throws {
        for (failure, until) in [(Answer(503), 120), (Answer(429, headers: ["Retry-After": "45"]), 240)] {
            let run = try await CoinGeckoRun.poll(until: .seconds(until)) { _, number in
                number == 0 ? failure : Self.full
            }
            let waits = zip(run.times, run.times.dropFirst()).map { $1 - $0 }
            #expect(waits.count >= 2)
            #expect(waits.dropFirst().allSatisfy { $0 == .seconds(60) }, "\(waits)")
        }
    }

    @Test("a Date that is wrong by years silences no coin, and dates no tick")
    func wrongDate() async throws {
        for wrong in ["Fri, 18 May 2099 12:49:30 GMT", "Thu, 01 Jan 1970 00:00:10 GMT"] {
            let run = try await CoinGeckoRun.poll(requests: 3) { _, number in
                let row = number == 2 ? "2026-05-18T12:51:10.000Z" : "2026-05-18T12:49:21.000Z"
                return CoinGeckoRun.page(
                    [#"{"id":"timeless","current_price":\#(number + 1)}"#, MarketsFixtures.row("timed", "1", row)],
                    headers: ["Date": number == 2 ? "Mon, 18 May 2026 12:51:31 GMT" : wrong]
                )
            }
            #expect(run.ticks.filter { $0.coinID == "timeless" }.map(\.price.description) == ["1", "2", "3"])
            #expect(
                run.ticks.filter { $0.coinID == "timed" }.map(\.timestamp.description) == [
                    "2026-05-18T12:49:21.000Z", "2026-05-18T12:51:10.000Z",
                ]
            )
            #expect(
                run.ticks.allSatisfy { abs($0.timestamp.microseconds - CoinGeckoRun.start.microseconds) < 180_000_000 }
            )
        }
    }

    @Test("a tick from the future that stands in the topic doesn't silence its coin after a restart")
    func futurePosition() async throws {
        let log = MemoryLog()
        let time = try #require(EventTime("2099-05-18T12:49:30Z"))
        for coin in ["bitcoin", "01coin"] {
            let tick = SentTick(timestamp: time, price: .zero, lastUpdated: nil)
            log.append(StateRecord(key: .coin(CoinKey(coinID: coin, vsCurrency: "usd")), value: tick.bytes))
        }
        let run = try await CoinGeckoRun.poll(requests: 1, log: log) { _, _ in
            CoinGeckoRun.page([MarketsFixtures.full, MarketsFixtures.priceOnly])
        }
        #expect(run.ticks.map(\.coinID) == ["bitcoin", "01coin"])
    }

    @Test("a coin whose last_updated lies in the future is not sent again by every restart")
    func futureRowAfterRestart() async throws {
        let row = MarketsFixtures.row("future", "1.5", "2026-05-18T20:49:30.000Z")
        let log = MemoryLog()
        let first = try await CoinGeckoRun.poll(requests: 2, log: log) { _, _ in CoinGeckoRun.page([row]) }
        #expect(first.batches.map(\.count) == [1, 0])
        let second = try await CoinGeckoRun.poll(requests: 1, beginning: .seconds(600), log: log) { _, _ in
            CoinGeckoRun.page([row], headers: ["Date": "Mon, 18 May 2026 12:59:55 GMT"])
        }
        #expect(second.batches.map(\.count) == [0])
    }

    @Test("a number that is too large costs its field only, and is counted")
    func tooLarge() async throws {
        let run = try await CoinGeckoRun.poll(requests: 1) { _, _ in
            CoinGeckoRun.page([
                #"{"id":"a","current_price":1,"total_volume":999999999999999999999,"market_cap":2,"market_cap_rank":1e10}"#
            ])
        }
        #expect(run.ticks.map(\.coinID) == ["a"])
        #expect(run.ticks.first?.totalVolume == nil)
        #expect(run.ticks.first?.marketCap?.description == "2")
        #expect(run.metrics.incomplete.value == 1)
    }
}
