import Foundation
import Shared
import TestSupport
import Testing

@testable import Ingestor

/// Nothing is asked for twice, too early or beyond what the key allows, over restarts and several processes.
@Suite("CoinGecko without waste", .timeLimit(.minutes(2)))
struct CoinGeckoThriftTests {
    typealias Answer = HTTPFixtureServer.Answer

    private static let demo = ["COINGECKO_API_KEY": "CG-very-secret"]
    private static let pro = ["COINGECKO_API_KEY": "CG-very-secret", "COINGECKO_PLAN": "pro"]

    @Test("four starts in 11 s spend what one start may: a round, then nothing before the month allows it")
    func restarts() async throws {
        let log = MemoryLog()
        var times: [Duration] = []
        for start in 0..<4 {
            let beginning = Duration.milliseconds(start * 3_667)
            let run = try await CoinGeckoRun.poll(
                until: start < 3 ? .milliseconds(3_600) : .seconds(1_200),
                coins: .largest(500),
                environment: Self.demo,
                beginning: beginning,
                log: log
            ) { _, _ in CoinGeckoRun.page([MarketsFixtures.full]) }
            times += run.times.map { $0 + beginning }
        }
        #expect(times.count { $0 < .seconds(60) } == 2, "\(times)")
        // 10 000 in 31 days: two pages every 535.8 s, each page from its own time on.
        for (index, time) in times.enumerated() {
            #expect(times[..<index].count { time - $0 < .seconds(535) } <= 2, "\(times)")
        }
        #expect(times.count >= 4)
    }

    @Test("two processes with one key stay within its minute together")
    func shared() async throws {
        let log = MemoryLog()
        let environment = ["COINGECKO_CALLS_PER_MINUTE": "3"]
        let first = try await CoinGeckoRun.poll(requests: 2, coins: .largest(500), environment: environment, log: log) {
            _,
            _ in CoinGeckoRun.page([MarketsFixtures.full])
        }
        let second = try await CoinGeckoRun.poll(requests: 2, coins: .largest(500), environment: environment, log: log)
        {
            _,
            _ in CoinGeckoRun.page([MarketsFixtures.full])
        }
        #expect(first.times == [.zero, .zero])
        #expect(second.times.count == 2)
        #expect(second.times[0] == .zero)
        #expect(second.times[1] >= .seconds(60))
    }

    @Test("after a restart the ETag is known, and 304 sends nothing")
    func notModified() async throws {
        let log = MemoryLog()
        let (first, second) = try await HTTPFixtureServer.run { request, _ in
            request.headers["if-none-match"] == "W/\"7\""
                ? Answer(304, headers: ["Date": CoinGeckoRun.date])
                : CoinGeckoRun.page([MarketsFixtures.full], headers: ["ETag": "W/\"7\""])
        } _: { server in
            let settings = try CoinGeckoSettings(SettingsReader(environment: ["COINGECKO_BASE_URL": server.url]))
            return try await onOwnThread {
                let first = try CoinGeckoRun.run(settings, .largest(250), ["usd"], log, requests: 1)
                let later = Duration.seconds(100)
                return (
                    first,
                    try CoinGeckoRun.run(settings, .largest(250), ["usd"], log, beginning: later, requests: 2)
                )
            }
        }
        #expect(first.ticks.count == 1)
        #expect(second.ticks.isEmpty)
        #expect(second.metrics.notModified.value == 2)
        #expect(second.states == [.ok, .ok])
    }

    @Test("what was not acknowledged is not said to be sent")
    func undelivered() async throws {
        try await HTTPFixtureServer.run { _, _ in
            CoinGeckoRun.page([MarketsFixtures.full], headers: ["ETag": "\"1\""])
        } _: { server in
            let log = MemoryLog()
            let settings = try CoinGeckoSettings(SettingsReader(environment: ["COINGECKO_BASE_URL": server.url]))
            try await onOwnThread {
                var source = try PollingSource(
                    CoinGecko(settings: settings, coins: .largest(250), vsCurrencies: ["usd"]),
                    pollInterval: nil,
                    state: MemoryStateLog(log),
                    metrics: IngestorMetrics(registry: PrometheusRegistry()),
                    readiness: Readiness("source"),
                    stop: StopSignal()
                )
                var batch = TickBatch()
                _ = try source.next(into: &batch) { ClockReading(wall: CoinGeckoRun.start, uptime: .zero) }
                #expect(batch.count == 1)
                #expect(log.records.map(\.key) == [.budget("keyless")])
                try source.delivered()
                #expect(log.records.count == 3)
            }
        }
    }

    @Test("no poll is faster than max-age less Age allows")
    func maxAge() async throws {
        let run = try await CoinGeckoRun.poll(requests: 4) { _, number in
            CoinGeckoRun.page(
                [MarketsFixtures.full],
                headers: number == 1
                    ? ["Cache-Control": "public, max-age=300", "Age": "100"] : ["Cache-Control": "max-age=30"]
            )
        }
        #expect(run.times == [.zero, .seconds(60), .seconds(260), .seconds(320)])
    }

    @Test("a paid key's own figures set the pace; nothing is asked when the month is used up, until it isn't")
    func keyFigures() async throws {
        let run = try await CoinGeckoRun.poll(
            requests: 3,
            environment: Self.pro,
            key: Answer(200, #"{"plan":"Lite","rate_limit_request_per_minute":9,"monthly_call_credit":1000}"#)
        ) { _, _ in CoinGeckoRun.page([MarketsFixtures.full]) }
        #expect(run.keyRequests == 1)
        // 31 days / (1000 - 1) calls; the question for /key itself took the first place.
        #expect(
            zip(run.times.dropFirst(), run.times.dropFirst(2)).allSatisfy { abs(($1 - $0) / .seconds(1) - 2_681) < 1 }
        )
        #expect(run.metrics.monthLeft.value == 1_000 - 4)

        let used = try await CoinGeckoRun.poll(
            until: .seconds(8_000),
            environment: Self.pro,
            key: Answer(200, #"{"monthly_call_credit":1000,"current_remaining_monthly_calls":0}"#)
        ) { _, _ in CoinGeckoRun.page() }
        #expect(used.times.isEmpty)
        #expect((2...4).contains(used.keyRequests), "\(used.keyRequests)")
    }

    @Test("where /key doesn't answer the plan's usual limits hold; a key that it refuses ends the start")
    func keyTrouble() async throws {
        for answer in [Answer(500, "<html>"), Answer(200, "[]"), Answer(200, "{\"plan\":"), Answer(429)] {
            let run = try await CoinGeckoRun.poll(requests: 2, environment: Self.pro, key: answer) { _, _ in
                CoinGeckoRun.page([MarketsFixtures.full])
            }
            #expect(run.failure == nil)
            #expect(run.times == [.zero, .seconds(30)], "\(answer)")
        }
        let refused = try await CoinGeckoRun.poll(
            requests: 2,
            environment: Self.pro,
            key: Answer(401, #"{"status":{"error_code":10002,"error_message":"CG-very-secret is unknown"}}"#)
        ) { _, _ in CoinGeckoRun.page([MarketsFixtures.full]) }
        #expect(refused.failure?.contains("does not accept the key") == true)
        #expect(refused.failure?.contains("very-secret") == false)
        #expect(refused.requests.isEmpty)
    }

    @Test("one connection serves all requests, packed answers are asked for and unpacked")
    func packed() async throws {
        let page = Array("[\(MarketsFixtures.full)]".utf8)
        let run = try await CoinGeckoRun.poll(requests: 3) { _, number in
            let headers = ["Date": CoinGeckoRun.date]
            return switch number {
            case 0: Answer(200, bytes: Packed.gzip(page), headers: headers.merging(["Content-Encoding": "gzip"]) { $1 })
            case 1: Answer(200, bytes: Packed.brotli(page), headers: headers.merging(["Content-Encoding": "br"]) { $1 })
            default: Answer(200, bytes: page, headers: headers)
            }
        }
        #expect(run.batches.map(\.count) == [1, 0, 0])
        #expect(run.metrics.unchanged.value == 2)
        let accepted = try #require(run.requests.first?.headers["accept-encoding"])
        #expect(accepted.contains("gzip") && accepted.contains("br"), "\(accepted)")
        #expect(run.connections == 1)
    }

    @Test("a gzip bomb and 50 MB of garbage cost one request each")
    func bombs() async throws {
        let bomb = Packed.deflatedZeros(megabytes: 60)
        let garbage = [UInt8](repeating: UInt8(ascii: "["), count: 50 << 20)
        let before = try #require(Self.residentMegabytes())
        let run = try await CoinGeckoRun.poll(requests: 4) { _, number in
            switch number {
            case 1: Answer(200, bytes: bomb, headers: ["Content-Encoding": "gzip"])
            case 2: Answer(200, bytes: garbage)
            default: CoinGeckoRun.page([MarketsFixtures.full])
            }
        }
        #expect(run.failure == nil)
        #expect(run.times.count == 4)
        #expect(run.metrics.unanswered.value == 2)
        // The server's own copies of the garbage are in this process too.
        let after = try #require(Self.residentMegabytes())
        #expect(after - before < 300)
    }

    private static func residentMegabytes() -> Int? {
        (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?
            .split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 4 / 1_024 }
    }
}
