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
    private let topics: [String: Topic]
    /// Set right after `init`'s first phase: the consumer needs its handler.
    private var consumer: KafkaConsumer?
    private var batch = CacheBatch()
    private var recordsInBatch = 0
    /// The next offset per partition that Redis has acknowledged everything before.
    private var acknowledged: [TopicPartition: Int64] = [:]
    private var committed: [TopicPartition: Int64] = [:]
    private var nextCommit = ContinuousClock.now
    private var lastAnswer = ContinuousClock.now
    /// Records that can't be used.
    private var refused: SampledLog
    /// How many partitions `prices.raw` has, as of the last assignment: which one a coin's key belongs to.
    private var rawPartitionCount: Int
    private var backoff = Backoff(initial: .milliseconds(250), cap: .seconds(10), resetAfter: .seconds(60))

    private static let inputs = [Topic.raw, .aggregates1m, .alerts]
    /// How often offsets are committed and lag is measured.
    private static let commitInterval = Duration.seconds(1)
    /// How long Redis may go unheard before it is asked whether it is there.
    private static let idleLimit = Duration.seconds(2)

    init(
        settings: CacherSettings,
        readiness: Readiness,
        metrics: CacherMetrics,
        logger: Logger,
        partitions: [String: Int],
        stop: StopSignal
    ) throws {
        self.settings = settings
        self.readiness = readiness
        self.metrics = metrics
        self.logger = logger
        self.stop = stop
        let kafka = settings.kafka
        topics = Dictionary(uniqueKeysWithValues: Self.inputs.map { (kafka.name($0), $0) })
        rawPartitionCount = partitions[kafka.name(.raw)] ?? 1
        refused = SampledLog(logger)
        writer = CacheWriter(
            url: settings.redis,
            timeout: settings.redisTimeout,
            encoder: CacheEncoder(
                keys: settings.keys,
                timeToLiveMilliseconds: settings.timeToLiveMilliseconds,
                keptAlerts: settings.keptAlerts
            )
        )
        deadLetters = DeadLetterQueue(service: "cacher", settings: kafka, stop: stop)
        consumer = try KafkaConsumer(
            settings: kafka,
            group: settings.group,
            // What Kafka no longer has was superseded long ago: go on with the earliest there is.
            options: KafkaConsumer.Options(resetsToEarliest: true),
            handler: self,
            stop: stop
        )
    }

    /// The topics that are read, by their names on the broker.
    static func topics(_ kafka: KafkaSettings) -> [String] {
        inputs.map(kafka.name)
    }

    /// Works until a stop is requested.
    func run() throws {
        guard let consumer else { return }
        // The consumer holds its handler, and the handler its consumer.
        defer { self.consumer = nil }
        try consumer.subscribe(topics.keys.sorted())
        do {
            try connect(consumer)
            while !stop.isRequested {
                try turn(consumer)
            }
        } catch {
            consumer.close(abandon: true)
            throw error
        }
        // Leaving the group calls `revoked`, which commits.
        consumer.close()
    }

    /// One turn: a batch from poll to acknowledgement.
    private func turn(_ consumer: KafkaConsumer) throws {
        readiness.heartbeat.beat()
        try consumer.poll(max: settings.batchSize, timeout: .milliseconds(100), take)
        if recordsInBatch > 0 {
            guard try write(consumer) else { return }
            try deadLetters.flush()
            acknowledged = consumer.positions
        }
        try keepBooks(consumer)
    }

    /// Decodes a record into the batch; one that can't be used becomes a dead letter.
    private func take(_ record: KafkaRecord) throws {
        recordsInBatch += 1
        guard let topic = topics[record.topic], let reason = refusal(of: record, topic) else { return }
        metrics.deadLetters.increment()
        refused.warning("\(record.topicPartition)@\(record.offset) can't be used: \(reason)")
        try deadLetters.send(record, error: reason)
    }

    /// Takes a record into the batch.
    /// - Returns: why it can't be used, if it can't.
    private func refusal(of record: KafkaRecord, _ topic: Topic) -> String? {
        metrics.kind(of: topic).records.increment()
        guard let value = record.value else { return "the record has no value" }
        let bytes = value.span
        let latest = EventTime(microseconds: EventTime.now().microseconds + settings.maximumFutureMicroseconds)
        do throws(JSONError) {
            switch topic {
            case .raw:
                let tick = try ScannedTick(json: bytes)
                let fault = tick.coinID.withUTF8(in: bytes) {
                    Partitioner.fault(of: record, coinID: $0, partitionCount: rawPartitionCount)
                }
                if let fault { return fault }
                return batch.add(tick.tick(in: bytes, recordTime: record.time), offset: record.offset, latest: latest)
            case .aggregates1m:
                return batch.add(try PriceAggregate(json: bytes), latest: latest)
            default:
                return batch.add(try PriceAlert(json: bytes), latest: latest)
            }
        } catch {
            return error.description
        }
    }

    /// Writes the batch, as often as it takes. While Redis is away the partitions are paused but polled, so that the
    /// membership is kept.
    /// - Returns: false when a stop was requested before Redis came back; then nothing of the batch may be committed.
    private func write(_ consumer: KafkaConsumer) throws -> Bool {
        while true {
            do throws(RedisError) {
                let receipt = try writer.write(batch)
                metrics.batchSize.observe(Double(recordsInBatch))
                metrics.count(batch, receipt, now: .now())
                batch.removeAll()
                recordsInBatch = 0
                lastAnswer = .now
                // Not before: a full Redis answers, and refuses every write.
                backoff.reset()
                return true
            } catch {
                guard error.disposition == .retry else { throw error }
                guard try waitForRedis(after: error, consumer) else { return false }
            }
        }
    }

    /// Backs off until Redis answers again.
    /// - Returns: false when a stop was requested meanwhile.
    private func waitForRedis(after failure: RedisError, _ consumer: KafkaConsumer) throws -> Bool {
        var failure = failure
        while true {
            metrics.redisFailures.increment()
            readiness.set("redis", .failing(failure.message))
            let delay = backoff.next(random: .random(in: 0..<1))
            let milliseconds = Int(delay / .milliseconds(1))
            logger.warning("Redis is away, the batch is kept and tried again in \(milliseconds) ms: \(failure)")
            let end = ContinuousClock.now + delay
            repeat {
                if stop.isRequested { return false }
                readiness.heartbeat.beat()
                // After a rebalance new partitions arrive unpaused; what they bring joins the batch.
                try consumer.pause(Array(consumer.positions.keys))
                try consumer.poll(max: 100, timeout: .milliseconds(50), take)
            } while ContinuousClock.now < end
            do throws(RedisError) {
                try writer.connect()
            } catch {
                guard error.disposition == .retry else { throw error }
                failure = error
                continue
            }
            readiness.set("redis", .ok)
            try consumer.resume(Array(consumer.positions.keys))
            return true
        }
    }

    /// Makes sure that Redis answers: before the first record, so that a wrong address or password is said at once, and
    /// while there is nothing to write, so that `/readyz` stays true.
    private func connect(_ consumer: KafkaConsumer) throws {
        do throws(RedisError) {
            try writer.connect()
            lastAnswer = .now
            readiness.set("redis", .ok)
        } catch {
            guard error.disposition == .retry else { throw error }
            _ = try waitForRedis(after: error, consumer)
        }
    }

    /// Commits, measures the lag and looks after an idle Redis, once a second.
    private func keepBooks(_ consumer: KafkaConsumer) throws {
        guard ContinuousClock.now >= nextCommit else { return }
        if ContinuousClock.now - lastAnswer > Self.idleLimit { try connect(consumer) }
        nextCommit = .now + Self.commitInterval
        let offsets = uncommitted
        try consumer.commit(offsets, wait: nil)
        committed.merge(offsets) { $1 }
        for partition in consumer.positions.keys {
            if let lag = consumer.lag(of: partition) { metrics.setLag(lag, of: partition) }
        }
    }

    private var uncommitted: [TopicPartition: Int64] {
        acknowledged.filter { committed[$0.key] != $0.value }
    }

    // MARK: - RebalanceHandler

    /// Starts at the group's committed offsets; without one at the earliest record.
    func assigned(_ partitions: [TopicPartition]) -> [TopicPartition: Int64] {
        // Partitions that are added come with a rebalance. Without an answer the count is what it was.
        let counts = try? consumer?.topics(timeout: .seconds(5))
        rawPartitionCount = counts?[settings.kafka.name(.raw)] ?? rawPartitionCount
        acknowledged = [:]
        committed = [:]
        readiness.set("partitions", .ok)
        logger.info("assigned \(partitions.sorted().map(\.description).joined(separator: ", "))")
        return [:]
    }

    /// Commits what Redis has acknowledged.
    func revoked(_ partitions: [TopicPartition]) {
        do throws(KafkaError) {
            try consumer?.commit(uncommitted, wait: .seconds(5))
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
