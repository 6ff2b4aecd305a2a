import Logging
import Shared

/// One member of the Cacher's consumer group, on one thread.
///
/// The way of a record: poll -> decode -> reduce to the newest per coin -> write to Redis -> commit. Offsets are
/// committed behind Redis' acknowledgement, so a crash repeats records and loses none; writing again changes nothing.
final class CacherTask: RebalanceHandler {
    private let settings: CacherSettings
    private let readiness: Readiness
    private let metrics: CacherMetrics
    private let logger: Logger
    private let stop: StopSignal
    private let writer: CacheWriter
    private let deadLetters: DeadLetterQueue
    private var decoder: RecordDecoder
    private var batch = CacheBatch()
    private var recordsInBatch = 0
    private var redis = RedisAvailability()
    /// The next offset per partition that Redis has acknowledged everything before.
    private var acknowledged: [TopicPartition: Int64] = [:]
    private var committed: [TopicPartition: Int64] = [:]
    private var nextReport = ContinuousClock.now
    /// Records that can't be used.
    private var refused: SampledLog

    /// How often offsets are committed and lag is measured.
    private static let reportInterval = Duration.seconds(1)
    /// How long the broker may take to tell the end of a partition that isn't fetched.
    private static let lookAhead = Duration.milliseconds(200)

    init(
        settings: CacherSettings,
        readiness: Readiness,
        metrics: CacherMetrics,
        logger: Logger,
        partitions: [String: Int],
        stop: StopSignal
    ) {
        self.settings = settings
        self.readiness = readiness
        self.metrics = metrics
        self.logger = logger
        self.stop = stop
        let kafka = settings.kafka
        decoder = RecordDecoder(settings: settings, partitions: partitions)
        refused = SampledLog(logger)
        writer = CacheWriter(
            url: settings.redis,
            timeout: settings.redisTimeout,
            encoder: CacheEncoder(
                keys: settings.keys,
                timeToLiveMilliseconds: settings.timeToLiveMilliseconds,
                keptAlerts: settings.keptAlerts,
                keptCandles: settings.keptCandles
            )
        )
        deadLetters = DeadLetterQueue(settings: kafka, stop: stop)
    }

    /// The topics that are read, by their names on the broker.
    static func topics(_ kafka: KafkaSettings) -> [String] {
        RecordDecoder.inputs.map(kafka.name)
    }

    /// Works until a stop is requested.
    func run() throws {
        let consumer = try KafkaConsumer(
            settings: settings.kafka,
            group: settings.group,
            // What Kafka no longer has was superseded long ago: go on with the earliest there is.
            options: KafkaConsumer.Options(resetsToEarliest: true),
            handler: self,
            stop: stop
        )
        try consumer.subscribe(decoder.topics.keys.sorted())
        do {
            while !stop.isRequested {
                readiness.heartbeat.beat()
                // Before the first record, so that a wrong address or password is said at once, and while there is nothing
                // to write, so that `/readyz` stays true, Redis is asked.
                switch redis.turn(at: .now) {
                case .work: try work(consumer)
                case .ask: try ask(consumer)
                case .wait: try wait(consumer)
                }
                try report(consumer)
            }
        } catch {
            consumer.close(abandon: true)
            throw error
        }
        // Leaving the group calls `revoked`, which commits what Redis has acknowledged.
        consumer.close()
    }

    /// A batch from poll to acknowledgement. One that was kept while Redis was away goes first.
    private func work(_ consumer: KafkaConsumer) throws {
        if recordsInBatch == 0 {
            try consumer.poll(max: settings.batchSize, timeout: .milliseconds(100), take)
        }
        guard recordsInBatch > 0 else { return }
        do throws(RedisError) {
            let receipt = try writer.write(batch)
            redis.wrote(at: .now)
            metrics.batchSize.observe(Double(recordsInBatch))
            metrics.count(batch, receipt, now: .now())
        } catch {
            return try failed(error)
        }
        batch.removeAll()
        recordsInBatch = 0
        try deadLetters.flush()
        acknowledged = consumer.positions
    }

    /// Decodes a record into the batch; one that can't be used becomes a dead letter.
    private func take(_ record: KafkaRecord) throws {
        recordsInBatch += 1
        guard let topic = decoder.topics[record.topic] else { return }
        metrics.kind(of: topic).records.increment()
        guard let reason = decoder.take(record, of: topic, into: &batch, now: .now()) else { return }
        metrics.deadLetters.increment()
        refused.warning("\(record.topicPartition)@\(record.offset) can't be used: \(reason)")
        try deadLetters.send(DeadLetter(record, service: "cacher", error: reason))
    }

    /// Makes sure that Redis answers.
    private func ask(_ consumer: KafkaConsumer) throws {
        do throws(RedisError) {
            try writer.connect()
        } catch {
            return try failed(error)
        }
        if redis.isAway { try consumer.resume(Array(consumer.positions.keys)) }
        redis.answered(at: .now)
        readiness.set("redis", .ok)
    }

    /// Takes note that Redis is away.
    /// - Throws: the error, if time doesn't heal it.
    private func failed(_ error: RedisError) throws {
        guard error.disposition == .retry else { throw error }
        metrics.redisFailures.increment()
        readiness.set("redis", .failing(error.message))
        let delay = redis.failed(at: .now, random: .random(in: 0..<1))
        let milliseconds = Int(delay / .milliseconds(1))
        logger.warning("Redis is away, the batch is kept and tried again in \(milliseconds) ms: \(error)")
    }

    /// While Redis is away the partitions are paused but polled, so that the membership is kept.
    private func wait(_ consumer: KafkaConsumer) throws {
        // After a rebalance new partitions arrive unpaused; what they bring joins the batch.
        try consumer.pause(Array(consumer.positions.keys))
        try consumer.poll(max: 100, timeout: .milliseconds(50), take)
    }

    /// Commits and measures the lag, once a second.
    private func report(_ consumer: KafkaConsumer) throws {
        guard ContinuousClock.now >= nextReport else { return }
        nextReport = .now + Self.reportInterval
        let offsets = uncommitted
        try consumer.commit(offsets, wait: nil)
        committed.merge(offsets) { $1 }
        for (partition, position) in consumer.positions {
            if redis.isAway {
                // What is paused isn't fetched, so its end is asked for; a broker that is away is not asked again.
                let end = try? consumer.watermarkOffsets(of: partition, timeout: Self.lookAhead).upperBound
                guard let end else { return }
                metrics.setLag(max(0, end - (acknowledged[partition] ?? position)), of: partition)
            } else if let lag = consumer.lag(of: partition) {
                metrics.setLag(lag, of: partition)
            }
        }
    }

    private var uncommitted: [TopicPartition: Int64] {
        acknowledged.filter { committed[$0.key] != $0.value }
    }

    // MARK: - RebalanceHandler

    /// Starts at the group's committed offsets; without one at the earliest record.
    func assigned(_ partitions: [TopicPartition], of consumer: KafkaConsumer) -> [TopicPartition: Int64] {
        // Partitions that are added come with a rebalance. Without an answer the count is what it was.
        let count = try? consumer.partitionCount(of: settings.kafka.name(.raw), timeout: .seconds(5))
        decoder.rawPartitionCount = count ?? decoder.rawPartitionCount
        acknowledged = [:]
        committed = [:]
        readiness.set("partitions", .ok)
        logger.info("assigned \(partitions.sorted().map(\.description).joined(separator: ", "))")
        return [:]
    }

    /// Commits what Redis has acknowledged.
    func revoked(_ partitions: [TopicPartition], of consumer: KafkaConsumer) {
        do throws(KafkaError) {
            try consumer.commit(uncommitted, wait: .seconds(5))
        } catch {
            logger.warning("the last offsets are not committed, their records will be written again: \(error)")
        }
        forget(partitions)
    }

    /// Commits nothing.
    func lost(_ partitions: [TopicPartition]) {
        forget(partitions)
    }

    private func forget(_ partitions: [TopicPartition]) {
        // What is still in the batch the next owner reads again, be it this one: kept, a batch that waits for Redis would
        // grow with every rebalance.
        batch.removeAll()
        recordsInBatch = 0
        // Their lag is the next owner's to report.
        for partition in partitions { metrics.setLag(0, of: partition) }
        acknowledged = [:]
        committed = [:]
        readiness.set("partitions", .failing("the group assigns the partitions anew"))
    }
}
