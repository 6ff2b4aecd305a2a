import Shared

/// The Cacher's metrics. Added up per batch.
public struct CacherMetrics: Sendable {
    /// What happened to one kind of value: `price`, `candle` or `alert`.
    struct Kind: Sendable {
        let records: PrometheusCounter
        let written: PrometheusCounter
        let older: PrometheusCounter

        init(_ kind: String, _ registry: PrometheusRegistry) {
            records = Self.records(kind, registry)
            written = PrometheusCounter(
                "tickline_cacher_writes_total",
                help: "Values written to Redis and published, by kind of value.",
                labels: ["kind": kind],
                registry: registry
            )
            older = PrometheusCounter(
                "tickline_cacher_skipped_as_older_total",
                help: "Values left out because Redis held one at least as new.",
                labels: ["kind": kind],
                registry: registry
            )
        }

        static func records(_ kind: String, _ registry: PrometheusRegistry) -> PrometheusCounter {
            PrometheusCounter(
                "tickline_cacher_records_total",
                help: "Records read from Kafka, by kind of value.",
                labels: ["kind": kind],
                registry: registry
            )
        }

        func add(_ count: CacheReceipt.Count) {
            written.increment(by: count.written)
            older.increment(by: count.older)
        }
    }

    let prices: Kind
    let candles: Kind
    let alerts: Kind
    /// Late ticks and dead letters, which are only counted.
    let lateTicks: PrometheusCounter
    let deadLettersRead: PrometheusCounter
    let superseded: PrometheusCounter
    let tooEarly: PrometheusCounter
    let deadLetters: PrometheusCounter
    let redisFailures: PrometheusCounter
    let refills: PrometheusCounter
    let keysInTheWay: PrometheusCounter
    let batchSize: PrometheusHistogram
    let roundTrip: PrometheusHistogram
    let tickToRedis: PrometheusHistogram
    private let registry: PrometheusRegistry

    /// Upper bounds in seconds, 0.5 ms to 60 s in steps of a quarter or less, so that p50 and p99 can be read off.
    static let latencyBuckets: [Double] = [
        0.0005, 0.00075, 0.001, 0.00125, 0.0015, 0.002, 0.0025, 0.003, 0.004, 0.005, 0.006, 0.0075, 0.01, 0.0125, 0.015,
        0.02, 0.025, 0.03, 0.04, 0.05, 0.06, 0.075, 0.1, 0.125, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.75, 1, 1.25, 1.5,
        2, 2.5, 3, 4, 5, 6, 7.5, 10, 15, 20, 30, 40, 60,
    ]

    /// Declares them.
    public init(registry: PrometheusRegistry = .shared) {
        self.registry = registry
        prices = Kind("price", registry)
        candles = Kind("candle", registry)
        alerts = Kind("alert", registry)
        lateTicks = Kind.records("late", registry)
        deadLettersRead = Kind.records("dead_letter", registry)
        superseded = PrometheusCounter(
            "tickline_cacher_superseded_total",
            help: "Ticks and candles that a newer one of the same batch replaced before they were written.",
            registry: registry
        )
        tooEarly = PrometheusCounter(
            "tickline_cacher_too_early_total",
            help: "Ticks, candles and alerts from the future; they are dead letters too.",
            registry: registry
        )
        deadLetters = PrometheusCounter(
            "tickline_cacher_dead_letters_total",
            help: "Records that could not be used and went to the dead letter topic.",
            registry: registry
        )
        redisFailures = PrometheusCounter(
            "tickline_cacher_redis_failures_total",
            help: "Writes to Redis that failed and were made again.",
            registry: registry
        )
        refills = PrometheusCounter(
            "tickline_cacher_refills_total",
            help: "Partitions that were read again because Redis had lost what they brought.",
            registry: registry
        )
        keysInTheWay = PrometheusCounter(
            "tickline_cacher_keys_in_the_way_total",
            help: "Values not written to Redis because a key of another type is in their place.",
            registry: registry
        )
        batchSize = PrometheusHistogram(
            "tickline_cacher_batch_records",
            help: "Records reduced to one write.",
            buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000],
            registry: registry
        )
        roundTrip = PrometheusHistogram(
            "tickline_cacher_redis_round_trip_seconds",
            help: "Time from sending a pipeline of commands to Redis to its last answer.",
            registry: registry
        )
        tickToRedis = PrometheusHistogram(
            "tickline_cacher_tick_to_redis_seconds",
            help: "Time from a tick's ingested_at until Redis acknowledged it, or a newer one of its coin.",
            buckets: Self.latencyBuckets,
            registry: registry
        )
    }

    /// Counts the records of a topic.
    func records(of topic: Topic) -> PrometheusCounter {
        switch topic {
        case .raw: prices.records
        case .aggregates1m, .aggregatesSliding: candles.records
        case .late: lateTicks
        case .deadLetter: deadLettersRead
        default: alerts.records
        }
    }

    /// How far behind a partition is.
    func lag(of partition: TopicPartition) -> PrometheusGauge {
        PrometheusGauge(
            "tickline_cacher_lag_records",
            help: "Records between the Cacher's position and the end of the partition.",
            labels: ["topic": partition.topic, "partition": String(partition.partition)],
            registry: registry
        )
    }

    /// Counts a batch that Redis has acknowledged.
    /// - Parameter now: when it did, in µs since the epoch.
    func count(_ batch: CacheBatch, _ receipt: CacheReceipt, now: EventTime) {
        prices.add(receipt.prices)
        candles.add(receipt.candles)
        alerts.add(receipt.alerts)
        superseded.increment(by: batch.supersededCount)
        tooEarly.increment(by: batch.tooEarlyCount)
        keysInTheWay.increment(by: receipt.keysInTheWay.count)
        for time in receipt.roundTrips { roundTrip.observe(time) }
        for ingestedAt in batch.ingestedAt {
            tickToRedis.observe(Double(max(0, now.microseconds - ingestedAt)) / 1e6)
        }
    }
}
