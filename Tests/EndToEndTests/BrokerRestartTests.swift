import Foundation
import Glibc
import TestSupport
import Testing

/// What stopping, and starting again, costs on a real broker. Prints what it measures; only the promises fail it.
///
/// ```
/// KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:9092 TEST_BROKER_STOP='…' TEST_BROKER_START='…' TEST_BROKER_ROUNDS=20 \
///   swift test --filter BrokerRestartTests
/// ```
@Suite(
    "A real broker is restarted under three, two and three replicas",
    .ownThread,
    .serialized,
    .enabled(if: RealBroker.named != nil, "TEST_BROKER_STOP and TEST_BROKER_START name no broker that may be restarted")
)
struct BrokerRestartTests {
    /// All replicas of the pipeline, and what they write to.
    private final class Pipeline {
        let stack: Stack
        let ingestor: ServiceProcess
        var replicas: [ServiceProcess] = []

        init(_ broker: RealBroker) throws {
            stack = try Stack(realBroker: broker.address)
            for (name, count) in [("aggregator", 3), ("persister", 2), ("cacher", 3)] {
                for _ in 0..<count { replicas.append(try stack.start(name, Self.settings)) }
            }
            ingestor = try stack.start("ingestor", Self.settings)
            for process in all { try process.waitUntilReady(within: 90) }
            try wait("the first candles", within: 60) { try staleness().allSatisfy { $0.seconds < 2.5 } }
        }

        static let coins = 30
        /// Windows of a second show how fresh candles are.
        private static let settings = [
            "INGESTOR_SOURCE": "simulator", "INGESTOR_COINS": "\(coins)", "INGESTOR_RATE": "600",
            "AGGREGATOR_WINDOWS": "tumbling:1m,tumbling:1s", "AGGREGATOR_OUT_OF_ORDERNESS": "0s",
        ]

        var all: [ServiceProcess] { replicas + [ingestor] }

        /// Starts another replica, and waits until it is ready.
        func add(_ service: String) throws {
            let process = try stack.start(service, Self.settings)
            replicas.append(process)
            try process.waitUntilReady()
        }

        /// The age of the oldest among the coins' newest ticks, candles and cached prices, in seconds.
        func staleness() throws -> [(what: String, seconds: Double)] {
            func age(_ table: String, _ time: String, _ condition: String = "true") throws -> Double {
                let answer = try stack.sql(
                    """
                    SELECT CASE WHEN count(*) < \(Self.coins) THEN 999 ELSE extract(epoch FROM now() - min(newest)) END
                    FROM (
                        SELECT max(\(time)) AS newest FROM \(table)
                        WHERE \(time) > now() - interval '60 s' AND \(condition) GROUP BY coin_id
                    ) AS coins
                    """
                )
                return Double(answer.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 999
            }
            let script = """
                local oldest = '9'
                for _, key in ipairs(redis.call('KEYS', 'price:*:usd')) do
                  local time = redis.call('HGET', key, 'timestamp')
                  if time and time < oldest then oldest = time end
                end
                return oldest
                """
            let oldest = try stack.redis.cli("EVAL", script, "0").trimmingCharacters(in: .whitespacesAndNewlines)
            let formatter = ISO8601DateFormatter()
            let seconds = formatter.date(from: String(oldest.prefix(19)) + "Z").map { -$0.timeIntervalSinceNow } ?? 999
            return [
                ("ticks", try age("raw_price_data", "\"timestamp\"")),
                ("candles", try age("price_aggregates_sliding", "window_end", "NOT synthetic")),
                // Whole seconds: half of one more or less.
                ("cache", seconds - 0.5),
            ]
        }

        /// Waits until all three are fresh again: at most two seconds old, where candles of a second are up to one old.
        /// - Returns: after how many seconds each was.
        func timeUntilFresh(within seconds: Int) throws -> [String: Double] {
            let start = ContinuousClock.now
            var found: [String: Double] = [:]
            try wait("everything to be fresh again", within: seconds) {
                for (what, age) in try staleness() where found[what] == nil && age < (what == "candles" ? 2.5 : 1.5) {
                    found[what] = start.duration(to: .now) / .seconds(1)
                }
                return found.count == 3
            }
            return found
        }

        func wait(_ what: String, within seconds: Int, _ condition: () throws -> Bool) throws {
            let deadline = ContinuousClock.now.advanced(by: .seconds(seconds))
            while try !condition() {
                guard ContinuousClock.now < deadline else {
                    let ended = all.filter { !$0.isRunning }.map { "\($0.name) ended:\n\($0.log.suffix(2_000))" }
                    throw ServiceProcess.Failure(
                        description: "waited for \(what): \(try staleness()) \(ended.joined(separator: "\n"))"
                    )
                }
                usleep(50_000)
            }
        }

        /// Asks all of them to end at once.
        /// - Returns: each one's name, exit code, and seconds.
        func stop() throws -> [(process: ServiceProcess, code: Int32, seconds: Double)] {
            let start = ContinuousClock.now
            for process in all { process.signal(SIGTERM) }
            var ended: [Int32: Double] = [:]
            let deadline = start.advanced(by: .seconds(60))
            while ended.count < all.count, ContinuousClock.now < deadline {
                for process in all where !process.isRunning && ended[process.id] == nil {
                    ended[process.id] = start.duration(to: .now) / .seconds(1)
                }
                usleep(10_000)
            }
            return try all.map { ($0, try $0.waitForExit(within: 1), ended[$0.id] ?? 60) }
        }
    }

    private func text(_ times: [String: Double]) -> String {
        times.sorted { $0.key < $1.key }.map { "\($0.key) \(String(format: "%.1f", $0.value)) s" }
            .joined(separator: ", ")
    }

    @Test("After three restarts all stop with exit code 0 within five seconds", arguments: 1...RealBroker.rounds)
    func stops(round: Int) throws {
        let broker = try #require(RealBroker.named)
        let pipeline = try Pipeline(broker)
        for restart in 1...3 {
            let began = ContinuousClock.now
            try broker.stop()
            try broker.start()
            let away = began.duration(to: .now) / .seconds(1)
            let fresh = try pipeline.timeUntilFresh(within: 60)
            print(
                "round \(round), restart \(restart): away \(String(format: "%.1f", away)) s, fresh after: \(text(fresh))"
            )
        }
        let ends = try pipeline.stop()
        let slowest = ends.map(\.seconds).max() ?? 0
        print("round \(round): \(ends.count) stopped, the slowest in \(String(format: "%.1f", slowest)) s")
        for end in ends {
            let log = end.code == 0 ? "" : String(end.process.log.suffix(3_000))
            #expect(end.code == 0, "\(end.process.name) ended with \(end.code)\n\(log)")
            #expect(end.seconds < 5, "\(end.process.name) took \(end.seconds) s")
            // One line when the broker went, one when it was back, and no alarm in between.
            let lines = end.process.log.split(separator: "\n")
            let alarms = lines.filter { $0.contains("\"level\":\"error\"") || $0.contains("\"level\":\"critical\"") }
            #expect(alarms.isEmpty, "\(end.process.name): \(alarms.joined(separator: "\n"))")
            #expect(!lines.contains { $0.contains("has no topic") || $0.contains("Offset commit") })
        }
    }

    @Test("A replica that is killed is replaced by the others", arguments: ["aggregator", "persister", "cacher"])
    func kills(service: String) throws {
        let pipeline = try Pipeline(try #require(RealBroker.named))
        for kill in 1...2 {
            let victim = try #require(pipeline.replicas.first { $0.name == service && $0.isRunning })
            victim.kill()
            // What the others read goes on at once: stale, after this time, is what the dead one had.
            let delay = service == "aggregator" ? 2.6 : 1.6
            usleep(UInt32(delay * 1_000_000))
            let fresh = try pipeline.timeUntilFresh(within: 60).mapValues { $0 + delay }
            print("\(service), kill \(kill): fresh after: \(text(fresh))")
            try pipeline.add(service)
            try pipeline.wait("all to be fresh", within: 60) {
                try pipeline.staleness().allSatisfy { $0.seconds < 2.5 }
            }
        }
        for end in try pipeline.stop() where end.code != SIGKILL {
            #expect(end.code == 0, "\(end.process.name) ended with \(end.code)\n\(end.process.log.suffix(3_000))")
        }
    }
}
