import Foundation
import Shared
import Synchronization
import TestSupport

extension Benchmark {
    /// Redis killed ten times under 10 000 ticks/s, by turns with its data (AOF), without it, and by FLUSHALL: how long until
    /// readers find again at least what they had, and `/readyz` says so. It ends with an error when a coin's newest price
    /// isn't there in the end, or a subscriber saw one go back.
    static let cacherDeaths = Benchmark(
        name: "cacher-deaths",
        summary: "ten deaths of Redis under load: how long each recovery takes, and that nothing is lost or goes back"
    ) { report in
        guard TestBroker.realBootstrapServers != nil else {
            return report.skip("needs a real broker in KAFKA_BOOTSTRAP_SERVERS; the mock keeps 5 MiB a partition")
        }
        let broker = try TestBroker()
        let redis = try RedisServer(arguments: ["--appendonly", "yes", "--appendfsync", "everysec"])
        let feed = CoinFeed(broker, perSecond: 10_000)
        let cacher = try ServiceProcess(
            "cacher",
            environment: [
                "KAFKA_BOOTSTRAP_SERVERS": broker.settings.bootstrapServers,
                "KAFKA_TOPIC_PREFIX": broker.settings.topicPrefix, "REDIS_URL": redis.url,
            ]
        )
        try cacher.waitUntilReady(within: 60)
        let deaths = try CacherDeaths(redis: redis, cacher: cacher, feed: feed)
        for number in 0..<10 { try deaths.death(number, report) }
        feed.stop()
        let newest = feed.newest
        try cacher.wait("the newest price of each coin") { try deaths.prices() == newest ? true : nil }
        report.add(Figure(metric: "messages_in_order", value: Double(try deaths.heard())))
        report.add(
            Figure(
                metric: "ticks_sent",
                value: Double(newest.max() ?? 0),
                peakRSSMegabytes: try Timing.peakRSSMegabytes(of: cacher.id)
            )
        )
        guard cacher.terminate() == 0 else { throw BenchmarkError(cacher.log) }
    }
}

private struct CacherDeaths {
    let redis: RedisServer
    let cacher: ServiceProcess
    let feed: CoinFeed
    private let ear = Ear()

    init(redis: RedisServer, cacher: ServiceProcess, feed: CoinFeed) throws {
        (self.redis, self.cacher, self.feed) = (redis, cacher, feed)
        try cacher.wait("a price of each coin") { try prices().contains(0) ? nil : true }
        try ear.listen(redis)
    }

    /// The price of each coin; 0 where there is none.
    func prices() throws -> [Int] {
        let script = """
            local all = {} for i = 0, \(CoinFeed.coinCount - 1) do
            all[i + 1] = redis.call('HGET', 'price:coin-' .. i .. ':usd', 'price') or '0' end return all
            """
        return try redis.cli("EVAL", script, "0").split(separator: "\n").map { Int($0) ?? -1 }
    }

    func heard() throws -> Int {
        if let fault = ear.fault { throw BenchmarkError(fault) }
        return ear.count
    }

    func death(_ number: Int, _ report: Report) throws {
        usleep(2_000_000)
        let before = feed.newest
        let start = ContinuousClock.now
        let kind = ["with_data", "without_data", "flushall"][number % 3]
        if kind == "flushall" {
            try redis.cli("FLUSHALL")
        } else {
            redis.stop()
            if kind == "without_data" { try redis.removeData() }
            try redis.start()
            try ear.listen(redis)
        }
        let answers = ContinuousClock.now - start
        while try cacher.get("/readyz").status != 200 || zip(prices(), before).contains(where: { $0 < $1 }) {
            guard ContinuousClock.now - start < .seconds(120) else {
                throw BenchmarkError("death \(number), \(kind): not whole after 120 s\n\(cacher.log.suffix(2_000))")
            }
            usleep(20_000)
        }
        let whole = ContinuousClock.now - start
        report.add(Figure(metric: "death_\(number)_\(kind)_answers_s", value: answers / .seconds(1)))
        report.add(Figure(metric: "death_\(number)_\(kind)_whole_s", value: whole / .seconds(1)))
        if let failure = feed.failure { throw BenchmarkError("the feed: \(failure)") }
        _ = try heard()
    }
}

/// Hears every price that is published, and notices one that goes back.
private final class Ear: Sendable {
    private struct State {
        var seen: [String: Int64] = [:]
        var count = 0
        var fault: String?
    }

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.count } }
    var fault: String? { state.withLock { $0.fault } }

    /// Listens until the server goes away.
    func listen(_ redis: RedisServer) throws {
        nonisolated(unsafe) let messages = try RedisSubscriber(redis, pattern: "prices:*")
        Thread.detachNewThread { [self] in
            while let message = try? messages.next() {
                guard let tick = try? PriceTick(json: Array(message.text.utf8).span) else { continue }
                let time = tick.timestamp.microseconds
                state.withLock { state in
                    state.count += 1
                    if let last = state.seen[message.channel], last >= time {
                        state.fault = state.fault ?? "\(message.channel) goes back from \(last) to \(time)"
                    }
                    state.seen[message.channel] = time
                }
            }
        }
    }
}
