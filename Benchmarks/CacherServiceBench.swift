import Foundation
import Shared
import TestSupport

extension Benchmark {
    /// The Cacher as a service on a real broker: how long a tick takes from when it was due in Kafka until Redis has it, and
    /// how long a Redis that was emptied takes to be whole again.
    static let cacherService = Benchmark(
        name: "cacher-service",
        summary: "the service on a real broker: tick to key, and refilling an empty Redis"
    ) { report in
        guard TestBroker.realBootstrapServers != nil else {
            return report.skip("needs a real broker in KAFKA_BOOTSTRAP_SERVERS; the mock keeps 5 MiB a partition")
        }
        for rate in [10_000, 50_000] { try CacherServiceBench.latency(report, rate: rate) }
        try CacherServiceBench.refill(report)
    }
}

private enum CacherServiceBench {
    static func start(_ broker: TestBroker, _ redis: RedisServer) throws -> ServiceProcess {
        let cacher = try ServiceProcess(
            "cacher",
            environment: [
                "KAFKA_BOOTSTRAP_SERVERS": broker.settings.bootstrapServers,
                "KAFKA_TOPIC_PREFIX": broker.settings.topicPrefix, "REDIS_URL": redis.url,
            ]
        )
        try cacher.waitUntilReady(within: 120)
        return cacher
    }

    private static let tickToKey = "tickline_cacher_tick_to_redis_seconds"

    /// Ticks of 1000 coins at a steady rate for 20 s.
    static func latency(_ report: Report, rate: Int) throws {
        let broker = try TestBroker()
        let redis = try RedisServer()
        let cacher = try start(broker, redis)
        let feed = try SteadyFeed(broker)
        try feed.send(perSecond: rate, seconds: 5)
        let before = try cacher.histogram(tickToKey)
        let cpu = try Timing.cpuSeconds(of: cacher.id)
        let count = try feed.send(perSecond: rate, seconds: 20)
        try cacher.wait("the last tick") {
            try cacher.histogram(tickToKey).last?.count == (before.last?.count ?? 0) + count ? true : nil
        }
        let used = try Timing.cpuSeconds(of: cacher.id) - cpu
        for (name, part) in [("p50", 0.5), ("p99", 0.99), ("p999", 0.999)] {
            report.add(
                Figure(
                    metric: "tick_to_key_ms_\(name)_at_\(rate)_per_s",
                    value: try cacher.bound(of: part, in: tickToKey, since: before) * 1_000,
                    cpuSecondsPerMillion: used / Double(count) * 1_000_000,
                    peakRSSMegabytes: try Timing.peakRSSMegabytes(of: cacher.id)
                )
            )
        }
        guard cacher.terminate() == 0 else { throw BenchmarkError(cacher.log) }
    }

    /// 10 000 coins with an hour of candles each: from FLUSHALL until all keys are there and the service says so.
    static func refill(_ report: Report) throws {
        let broker = try TestBroker()
        let redis = try RedisServer()
        let producer = try KafkaProducer(settings: broker.settings, mode: .idempotent)
        let (raw, minutes) = (
            try producer.topic(broker.name(Topic.raw.rawValue)),
            try producer.topic(broker.name(Topic.aggregates1m.rawValue))
        )
        var tick = JSONBench.ticks(count: 1)[0]
        var json = JSONWriter()
        let first = EventTime.now().microseconds / 60_000_000 - 60
        for minute in 0..<Int64(60) {
            for coin in 0..<10_000 {
                let start = EventTime(microseconds: (first + minute) * 60_000_000)
                tick.coinID = "coin-\(coin)"
                let candle = PriceAggregate(
                    coinID: tick.coinID,
                    vsCurrency: "usd",
                    window: .tumbling,
                    windowStart: start,
                    windowEnd: EventTime(microseconds: start.microseconds + 60_000_000),
                    open: tick.price,
                    high: tick.price,
                    low: tick.price,
                    close: tick.price,
                    average: tick.price,
                    sampleCount: 1,
                    totalVolume: tick.totalVolume,
                    firstTickAt: start,
                    lastTickAt: start
                )
                json.reset()
                candle.write(to: &json)
                try producer.send(to: minutes, key: tick.coinID, value: json.withUnsafeBytes { Array($0) })
                guard minute == 59 else { continue }
                (tick.timestamp, tick.ingestedAt) = (start, start)
                json.reset()
                tick.write(to: &json)
                try producer.send(to: raw, key: tick.coinID, value: json.withUnsafeBytes { Array($0) })
            }
            try producer.flush(timeout: .seconds(60))
        }
        let cacher = try start(broker, redis)
        // price, candle and candles of each coin; the indexes, freshness, owners and positions come and go.
        func isWhole() throws -> Bool {
            guard (Int(try redis.cli("DBSIZE")) ?? 0) >= 30_000 else { return false }
            return try cacher.get("/readyz").status == 200
        }
        try cacher.wait("all to be there", within: 120) { try isWhole() ? true : nil }
        for round in 1...2 {
            let start = ContinuousClock.now
            try redis.cli("FLUSHALL")
            var noticed: Duration?
            while true {
                if noticed != nil, try isWhole() { break }
                let status = try cacher.get("/readyz").status
                if noticed == nil, status != 200 { noticed = ContinuousClock.now - start }
                guard ContinuousClock.now - start < .seconds(120) else { throw BenchmarkError(cacher.log) }
                usleep(20_000)
            }
            let whole = ContinuousClock.now - start
            report.add(
                Figure(metric: "refill_noticed_s_\(round)", value: (noticed ?? .zero) / .seconds(1))
            )
            report.add(
                Figure(
                    metric: "refill_whole_s_\(round)",
                    value: whole / .seconds(1),
                    peakRSSMegabytes: try Timing.peakRSSMegabytes(of: cacher.id)
                )
            )
            let count = try redis.cli("ZCARD", "candles:coin-77:usd:1m")
            guard count == "60" else { throw BenchmarkError("\(count) candles instead of 60") }
            sleep(2)
        }
        guard cacher.terminate() == 0 else { throw BenchmarkError(cacher.log) }
    }
}
