import Foundation
import Shared
import TestSupport
import Testing

@testable import Ingestor

/// `ingestor backfill` as a whole, against a scripted server and a broker.
@Suite("Backfill", .ownThread, .timeLimit(.minutes(15)))
struct BackfillProcessTests {
    private func environment(_ broker: TestBroker, _ server: HTTPFixtureServer, perMonth: Int) -> [String: String] {
        [
            "KAFKA_BOOTSTRAP_SERVERS": broker.settings.bootstrapServers,
            "KAFKA_TOPIC_PREFIX": broker.settings.topicPrefix, "KAFKA_FETCH_WAIT_MAX_MS": "10",
            "COINGECKO_BASE_URL": server.url, "COINGECKO_CALLS_PER_MINUTE": "100000",
            "COINGECKO_CALLS_PER_MONTH": "\(perMonth)", "COINGECKO_API_KEY": "CG-very-secret",
        ]
    }

    /// What the topic holds as `coin second price`, and whether each partition is in the order of event times.
    private func sent(_ broker: TestBroker) throws -> (ticks: [String], isInOrder: Bool) {
        let records = try broker.records(of: broker.name("prices.raw"))
        var newest: [Int32: EventTime] = [:]
        var isInOrder = true
        let ticks = try records.map { record in
            let value = Array(try #require(record.value).utf8)
            let tick = try PriceTick(json: value.span)
            #expect(tick.source == "coingecko-history")
            if tick.timestamp < newest[record.partition] ?? tick.timestamp { isInOrder = false }
            newest[record.partition] = tick.timestamp
            return "\(tick.coinID) \(tick.timestamp.unixSeconds) \(tick.price)"
        }
        return (ticks, isInOrder)
    }

    private static func seconds(_ text: String) throws -> Int64 {
        try #require(EventTime(text)).unixSeconds
    }

    /// Midnight so many days ago, as text.
    private static func daysAgo(_ days: Int64) -> String {
        let midnight = (EventTime.now().unixSeconds / 86_400 - days) * 86_400
        return EventTime(microseconds: midnight * 1_000_000).description
    }

    @Test("every point of the range is sent once, in order; the same command again costs nothing, a dry run neither")
    func whole() async throws {
        let broker = try TestBroker(topics: ["prices.raw": 3, "ingestor.state": 3])
        let (from, to) = (Self.daysAgo(5), Self.daysAgo(2))
        let arguments = ["backfill", "--coins", "a,b,c", "--from", from, "--to", to, "--granularity", "5m"]
        try await HTTPFixtureServer.run { request, _ in
            ScriptedHistory.answer(request)
        } _: { server in
            let environment = environment(broker, server, perMonth: 1_000)
            let dry = try ServiceProcess.run("ingestor", arguments + ["--dry-run"], environment: environment)
            #expect(dry.code == 0, "\(dry.output)")
            #expect(dry.output.contains("9 calls"), "\(dry.output)")
            #expect(server.requests.count == 1, "symbols and names are asked for")
            #expect(try sent(broker).ticks.isEmpty)

            let first = try ServiceProcess.run("ingestor", arguments, environment: environment)
            #expect(first.code == 0, "\(first.output)")
            #expect(server.requests.count == 11)
            let second = try ServiceProcess.run("ingestor", arguments, environment: environment)
            #expect(second.code == 0, "\(second.output)")
            #expect(second.output.contains("0 calls"), "\(second.output)")
            #expect(server.requests.count == 11)
            #expect(!(dry.output + first.output + second.output).contains("very-secret"))
        }
        let (ticks, isInOrder) = try sent(broker)
        let expected = ScriptedHistory.expected(
            ["a", "b", "c"],
            try Self.seconds(from),
            try Self.seconds(to),
            step: 300
        )
        #expect(ticks.count == expected.count)
        #expect(Set(ticks) == expected)
        #expect(isInOrder)
        #expect(try broker.records(of: broker.name("ingestor.state")).allSatisfy { $0.key?.contains("secret") != true })
    }

    @Test("topics that are made while it waits are used; one that never comes is named after a while")
    func topics() async throws {
        let broker = try TestBroker(topics: ["prices.raw": 3, "ingestor.state": 3])
        try await HTTPFixtureServer.run { request, _ in
            ScriptedHistory.answer(request)
        } _: { server in
            let environment = environment(broker, server, perMonth: 1_000)
            let range = ["--coins", "a", "--from", Self.daysAgo(2), "--to", Self.daysAgo(1)]
            let (late, never) = (broker.settings.topicPrefix + "late.", broker.settings.topicPrefix + "never.")
            if !broker.isReal { broker.setKnown("prices.raw", false) }
            let output = broker.isReal ? ["--output-prefix", late] : []
            let waiting = try ServiceProcess("ingestor", ["backfill"] + range + output, environment: environment)
            StopSignal().sleep(for: .seconds(3))
            #expect(waiting.isRunning, "\(waiting.log)")
            #expect(server.requests.isEmpty, "no call is spent before it can write")
            if broker.isReal {
                try KafkaTopics.create([NewTopic(name: late + "prices.raw")], settings: broker.settings)
            } else {
                broker.setKnown("prices.raw", true)
            }
            #expect(try waiting.waitForExit() == 0, "\(waiting.log)")
            #expect(waiting.log.contains("is complete"), "\(waiting.log)")
            let (code, log) = try ServiceProcess.run(
                "ingestor",
                ["backfill"] + range + ["--output-prefix", never],
                environment: environment
            )
            #expect(code == 1)
            #expect(log.contains("has no topic \(never)prices.raw"), "\(log)")
        }
    }

    @Test(
        "what costs more than half of the month, an unknown id and too early a start are said before anything is sent"
    )
    func refusals() async throws {
        let broker = try TestBroker(topics: ["prices.raw": 3, "ingestor.state": 3])
        try await HTTPFixtureServer.run { request, _ in
            ScriptedHistory.answer(request)
        } _: { server in
            let environment = environment(broker, server, perMonth: 20)
            func run(_ coins: String, _ days: Int64, _ more: String...) throws -> (code: Int32, output: String) {
                let range = ["--from", Self.daysAgo(days), "--to", Self.daysAgo(1), "--granularity", "5m"]
                return try ServiceProcess.run(
                    "ingestor",
                    ["backfill", "--coins", coins] + range + more,
                    environment: environment
                )
            }
            let dear = try run("a,b,c", 5)
            #expect(dear.code == 1)
            #expect(dear.output.contains("--max-calls 12"), "\(dear.output)")
            let unknown = try run("a,no-coin", 2)
            #expect(unknown.code == 1)
            #expect(unknown.output.contains("no coin with the id no-coin (meant: no-coins?)"), "\(unknown.output)")
            let early = try run("a", 800, "--dry-run", "--max-calls", "9")
            #expect(early.output.contains("365 days"), "\(early.output)")
        }
        #expect(try sent(broker).ticks.isEmpty)
    }

    @Test(
        "kill -9 at 50 random moments of 90 days of 10 coins: complete, nothing twice, calls within the budget",
        .enabled(if: TestBroker.realBootstrapServers != nil, "the mock does not isolate transactions")
    )
    func kills() async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = TestSupport.SplitMix64(seed: seed)
        let broker = try TestBroker(topics: ["prices.raw": 3, "ingestor.state": 3])
        let coins = (0..<10).map { "coin-\($0)" }
        let (from, to) = (Self.daysAgo(91), Self.daysAgo(1))
        let arguments = [
            "backfill", "--coins", coins.joined(separator: ","), "--from", from, "--to", to, "--granularity", "5m",
            "--max-calls", "5000",
        ]
        let (requests, killed) = try await HTTPFixtureServer.run { request, number in
            // Some trouble on the way.
            number % 97 == 96
                ? HTTPFixtureServer.Answer(503, headers: ["Retry-After": "0"]) : ScriptedHistory.answer(request)
        } _: { server in
            let environment = environment(broker, server, perMonth: 5_000)
            var killed = 0
            for _ in 0..<50 {
                let process = try ServiceProcess("ingestor", arguments, environment: environment)
                StopSignal().sleep(for: .milliseconds(Int.random(in: 100...2_500, using: &random)))
                if process.isRunning { killed += 1 }
                process.kill()
            }
            let last = try ServiceProcess.run("ingestor", arguments, environment: environment, within: 600)
            #expect(last.code == 0, "seed \(seed): \(last.output)")
            return (server.requests.count, killed)
        }
        let (ticks, isInOrder) = try sent(broker)
        let expected = ScriptedHistory.expected(coins, try Self.seconds(from), try Self.seconds(to), step: 300)
        #expect(expected.count == 90 * 288 * 10)
        #expect(ticks.count == expected.count, "seed \(seed)")
        #expect(Set(ticks) == expected, "seed \(seed)")
        #expect(isInOrder, "seed \(seed)")
        let log = try KafkaStateLog(
            kafka: broker.settings,
            partitions: 3,
            heartbeat: Readiness("kafka").heartbeat,
            stop: StopSignal()
        )
        let spent = try #require(log.table.budgets.values.first).spent(at: .now())
        #expect(requests <= spent && spent <= 5_000, "seed \(seed): \(requests) requests, \(spent) calls counted")
        print("seed \(seed): \(killed) of 50 killed at work, \(requests) requests, \(spent) calls counted")
    }
}
