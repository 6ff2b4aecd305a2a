import Foundation
import Shared
import Synchronization
import TestSupport

extension Benchmark {
    /// All services at once on one broker, one database and one Redis, as their users run them: from a tick's due time to its
    /// window, its row and its key.
    static let latency = Benchmark(
        name: "latency",
        summary: "all services together: tick to window, row and key at 1000, 10 000 and 50 000 ticks a second"
    ) { report in
        guard TestBroker.realBootstrapServers != nil else {
            return report.skip("needs a real broker in KAFKA_BOOTSTRAP_SERVERS; the mock keeps 5 MiB a partition")
        }
        for rate in [1_000, 10_000, 50_000] { try LatencyBench(rate: rate).run(report) }
    }
}

/// One rate, with services, topics, a database and a Redis of its own.
private final class LatencyBench {
    private static let tickToRow = "tickline_persister_tick_to_row_seconds"
    private static let tickToKey = "tickline_cacher_tick_to_redis_seconds"
    private static let warmUp = 10
    private static let measured = 30

    private let rate: Int
    private let broker: TestBroker
    private let server: PostgresServer
    private let url: String
    private let redis: RedisServer
    private let services: [String: ServiceProcess]

    init(rate: Int) throws {
        self.rate = rate
        broker = try TestBroker()
        server = try .durable()
        url = try server.makeDatabase()
        redis = try RedisServer()
        let migrated = try ServiceProcess.run(
            "persister",
            ["migrate"],
            environment: ["POSTGRES_URL": url, "SCHEMA_DIR": FileManager.default.currentDirectoryPath + "/schema"]
        )
        guard migrated.code == 0 else { throw BenchmarkError(migrated.output) }
        let environment = [
            "KAFKA_BOOTSTRAP_SERVERS": broker.settings.bootstrapServers,
            "KAFKA_TOPIC_PREFIX": broker.settings.topicPrefix,
            "POSTGRES_URL": url, "REDIS_URL": redis.url,
            // A window closes with the first tick behind it, each second, and waits for no other.
            "AGGREGATOR_OUT_OF_ORDERNESS": "0s", "AGGREGATOR_WINDOWS": "sliding:10s/1s",
            "LD_PRELOAD": "libjemalloc.so.2", "MALLOC_CONF": "narenas:2,dirty_decay_ms:1000,muzzy_decay_ms:0",
        ]
        services = try Dictionary(
            uniqueKeysWithValues: ["aggregator", "persister", "cacher"].map {
                ($0, try ServiceProcess($0, environment: environment))
            }
        )
        for service in services.values { try service.waitUntilReady(within: 120) }
    }

    deinit {
        server.dropDatabase(url)
    }

    func run(_ report: Report) throws {
        guard let aggregator = services["aggregator"], let persister = services["persister"],
            let cacher = services["cacher"]
        else { return }
        let feed = try SteadyFeed(broker)
        try feed.send(perSecond: rate, seconds: Self.warmUp)
        // What is still under way would count among what is measured.
        try waitForRows(Self.warmUp * rate)
        let (rows, keys) = (try persister.histogram(Self.tickToRow), try cacher.histogram(Self.tickToKey))
        let cpu = try services.mapValues { try Timing.cpuSeconds(of: $0.id) }
        let began = EventTime.now().microseconds
        let windows = Mutex(LatencyHistogram())
        let isOver = Atomic<Bool>(false)
        let reader = ResultReader(broker.settings, topic: broker.name(Topic.aggregatesSliding.rawValue))
        Thread.detachNewThread {
            reader.run(until: { isOver.load(ordering: .acquiring) }) { end, now in
                if end > began { windows.withLock { $0.add(Int(now - end)) } }
            }
        }
        let count = try feed.send(perSecond: rate, seconds: Self.measured)
        try cacher.wait("the last tick") {
            try cacher.histogram(Self.tickToKey).last?.count ?? 0 >= (keys.last?.count ?? 0) + count ? true : nil
        }
        try waitForRows((Self.warmUp + Self.measured) * rate)
        isOver.store(true, ordering: .releasing)
        let used = try services.reduce(into: [:]) {
            $0[$1.key] = try Timing.cpuSeconds(of: $1.value.id) - (cpu[$1.key] ?? 0)
        }
        for (name, part) in [("p50", 0.5), ("p99", 0.99), ("p999", 0.999)] {
            let values = [
                (aggregator, "window_end_to_readable", windows.withLock { $0.milliseconds(part) }),
                (
                    persister, "oldest_tick_of_a_batch_to_row",
                    try persister.bound(of: part, in: Self.tickToRow, since: rows) * 1_000
                ),
                (cacher, "tick_to_key", try cacher.bound(of: part, in: Self.tickToKey, since: keys) * 1_000),
            ]
            for (service, metric, value) in values {
                report.add(
                    Figure(
                        metric: "\(metric)_ms_\(name)_at_\(rate)_per_s",
                        value: value,
                        cpuSecondsPerMillion: (used[service.name] ?? 0) / Double(count) * 1_000_000,
                        peakRSSMegabytes: try Timing.peakRSSMegabytes(of: service.id)
                    )
                )
            }
        }
        for service in services.values {
            guard service.terminate() == 0 else { throw BenchmarkError(service.log) }
        }
    }

    /// Waits until so many ticks are rows; what waits for no batch is everywhere by then.
    private func waitForRows(_ count: Int) throws {
        try services["persister"]?.wait("\(count) rows", within: 120) {
            try server.psql("SELECT count(*) FROM raw_price_data", on: url) == "\(count)" ? true : nil
        }
    }
}
