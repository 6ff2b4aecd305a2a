import Foundation
import Shared
import Synchronization
import TestSupport
import Testing

@testable import Cacher

/// Redis killed ten times under load, by turns with its data, without it, and emptied: `scripts/soak-cacher`.
@Suite(
    "Cacher soak",
    .ownThread,
    .enabled(if: ProcessInfo.processInfo.environment["TICKLINE_SOAK_CACHER"] != nil)
)
struct CacherSoakTests {
    private static let coinCount = 1_000

    /// Sends ticks of all coins in turn, a thousand every so often, and remembers the newest of each.
    private final class Feed: Sendable {
        private struct State {
            var newest = [Int](repeating: 0, count: coinCount)
            var isStopped = false
            var failure: String?
        }

        private let state = Mutex(State())
        private let ended = StopSignal()

        init(_ broker: TestBroker, perSecond rate: Int) {
            let (settings, name) = (broker.settings, broker.name(Topic.raw.rawValue))
            let batch = max(1, rate / 100)
            Thread.detachNewThread { [self] in
                defer { ended.request() }
                let start = ContinuousClock.now
                var number = 0
                do {
                    let producer = try KafkaProducer(settings: settings, mode: .idempotent)
                    let topic = try producer.topic(name)
                    while !state.withLock({ $0.isStopped }) {
                        for _ in 0..<batch {
                            number += 1
                            let coin = number % coinCount
                            var tick = CacheFixture.tick("coin-\(coin)", seconds: 0, price: Int128(number))
                            (tick.timestamp, tick.ingestedAt) = (.now(), .now())
                            try producer.send(
                                to: topic,
                                key: tick.coinID,
                                value: Array(CacheFixture.json(tick).utf8)
                            )
                            state.withLock { $0.newest[coin] = number }
                        }
                        let due = start + .microseconds(number * 1_000_000 / rate)
                        let wait = ContinuousClock.now.duration(to: due)
                        if wait > .zero { usleep(UInt32(wait / .microseconds(1))) }
                    }
                    try producer.flush(timeout: .seconds(60))
                } catch {
                    state.withLock { $0.failure = "\(error)" }
                }
            }
        }

        var newest: [Int] { state.withLock { $0.newest } }
        var failure: String? { state.withLock { $0.failure } }

        func stop() async throws {
            state.withLock { $0.isStopped = true }
            try await eventually("the feed ends") { self.ended.isRequested }
        }
    }

    private func prices(_ redis: RedisServer) throws -> [Int] {
        let script = """
            local all = {} for i = 0, \(Self.coinCount - 1) do
            all[i + 1] = redis.call('HGET', 'price:coin-' .. i .. ':usd', 'price') or '0' end return all
            """
        return try redis.cli("EVAL", script, "0").split(separator: "\n").map { Int($0) ?? -1 }
    }

    @Test("Ten deaths of Redis under 10 000 ticks a second, and the newest price of each coin is there")
    func tenDeaths() async throws {
        let broker = try TestBroker()
        let redis = try RedisServer(arguments: ["--appendonly", "yes", "--appendfsync", "everysec"])
        let rate = Int(ProcessInfo.processInfo.environment["TICKLINE_SOAK_CACHER"] ?? "") ?? 10_000
        let feed = Feed(broker, perSecond: rate)
        let cacher = try RunningCacher(broker, redis)
        try await eventually("it is ready") {
            try cacher.readiness.conditions.dropFirst().allSatisfy { $0.state == .ok } && !prices(redis).contains(0)
        }
        var seen: [String: Int64] = [:]
        for death in 0..<10 {
            let messages = try RedisSubscriber(redis, pattern: "prices:*")
            usleep(2_000_000)
            let before = feed.newest
            let start = ContinuousClock.now
            let kind = ["with its data", "without data", "FLUSHALL"][death % 3]
            if death % 3 == 2 {
                try redis.cli("FLUSHALL")
            } else {
                redis.stop()
                if death % 3 == 1 { try redis.removeData() }
                try redis.start()
            }
            let answering = ContinuousClock.now - start
            while try zip(prices(redis), before).contains(where: { $0 < $1 })
                || !cacher.readiness.conditions.dropFirst().allSatisfy({ $0.state == .ok })
            {
                guard ContinuousClock.now - start < .seconds(60) else {
                    Issue.record("death \(death), \(kind): not whole after 60 s")
                    break
                }
                usleep(20_000)
            }
            let whole = Int((ContinuousClock.now - start) / .milliseconds(1))
            let answers = Int(answering / .milliseconds(1))
            print("death \(death), \(kind): answers after \(answers) ms, whole after \(whole) ms")
            // What was heard until it died; with FLUSHALL also what came after.
            if death % 3 == 2 { try redis.cli("PUBLISH", "prices:end", "end") }
            while let message = try messages.next(), message.channel != "prices:end" {
                let time = try PriceTick(json: Array(message.text.utf8).span).timestamp.microseconds
                let isForward = seen[message.channel].map { $0 < time } ?? true
                if !isForward { Issue.record("death \(death): \(message.channel) goes back") }
                seen[message.channel] = time
            }
        }
        try await feed.stop()
        #expect(feed.failure == nil)
        let newest = feed.newest
        try await eventually("the newest of each coin is there") { try prices(redis) == newest }
        #expect(cacher.end == nil && seen.count == Self.coinCount)
        try await cacher.finish()
    }
}
