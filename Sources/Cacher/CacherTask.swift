import Logging
import Shared

/// One member of the Cacher's consumer group, on one thread.
///
/// The way of a record: poll -> decode -> reduce to the newest per coin -> write to Redis, the position behind it ->
/// commit. Offsets are committed behind Redis' acknowledgement, so a crash repeats records and loses none; writing again
/// changes nothing.
///
/// What it does once a second and in a rebalance is in `CacherTask+Reporting.swift`, and what when Redis has lost data in
/// `CacherTask+Recovery.swift`.
final class CacherTask {
    let settings: CacherSettings
    let readiness: Readiness
    let metrics: CacherMetrics
    let logger: Logger
    let writer: CacheWriter
    var decoder: RecordDecoder
    var batch = CacheBatch()
    var recordsInBatch = 0
    var redis = RedisAvailability()
    var positions: Positions
    /// The group's offsets when the partitions were taken over.
    var found: [TopicPartition: Int64] = [:]
    var freshness: Freshness
    var freshnessStore: FreshnessStore
    /// The next offset per partition that Redis has acknowledged everything before.
    var acknowledged: [TopicPartition: Int64] = [:]
    var committed: [TopicPartition: Int64] = [:]
    var nextReport = ContinuousClock.now
    private let stop: StopSignal
    private let deadLetters: DeadLetterQueue
    /// Records that can't be used.
    private var refused: SampledLog
    /// Keys of another type.
    private var inTheWay: SampledLog

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
        decoder = RecordDecoder(settings: settings, partitions: partitions)
        refused = SampledLog(logger)
        inTheWay = SampledLog(logger)
        positions = Positions(topics: decoder.topics, keys: settings.keys)
        freshness = Freshness(topics: decoder.topics)
        freshnessStore = FreshnessStore(
            key: settings.keys.freshness,
            timeToLiveMilliseconds: settings.timeToLiveMilliseconds
        )
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
        deadLetters = DeadLetterQueue(settings: settings.kafka, stop: stop)
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
        guard try findPositions(consumer) else { return }
        if recordsInBatch == 0 {
            try consumer.poll(max: settings.batchSize, timeout: .milliseconds(100), take)
        }
        guard recordsInBatch > 0 else { return }
        let next = consumer.positions
        let steps = positions.steps(to: next)
        let receipt: CacheReceipt
        do throws(RedisError) {
            receipt = try writer.write(batch, moving: steps)
        } catch {
            return try failed(error)
        }
        // Of records that are only counted, or can't be used, Redis heard nothing.
        if !receipt.roundTrips.isEmpty {
            redis.wrote(at: .now)
            metrics.batchSize.observe(Double(recordsInBatch))
        }
        metrics.count(batch, receipt, now: .now())
        receipt.keysInTheWay.first.map { left(out: $0) }
        batch.removeAll()
        recordsInBatch = 0
        try deadLetters.flush()
        acknowledged = next
        freshness.acknowledge()
        try moved(steps, receipt, consumer)
    }

    /// Decodes a record into the batch; one that can't be used becomes a dead letter.
    private func take(_ record: KafkaRecord) throws {
        let use = positions.use(of: record)
        if use == .leave { return }
        recordsInBatch += 1
        guard let topic = decoder.topics[record.topic] else { return }
        metrics.records(of: topic).increment()
        switch decoder.take(record, of: topic, into: &batch, now: .now(), isSilent: use != .new) {
        case .used(let eventTime):
            freshness.read(record, eventTime)
        case .refused(let reason):
            freshness.read(record, nil)
            if use == .again { return }
            metrics.deadLetters.increment()
            refused.warning("\(record.topicPartition)@\(record.offset) can't be used: \(reason)")
            try deadLetters.send(DeadLetter(record, service: "cacher", error: reason))
        }
    }

    /// Says that a key of another type is in the way.
    func left(out key: String) {
        inTheWay.warning(
            "the key \(key) is of another type, what belongs there is left out: delete it, or set CACHER_KEY_PREFIX"
        )
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
    /// - Throws: the error, if time doesn't heal it. A login that has worked may work again.
    func failed(_ error: RedisError) throws {
        guard error.disposition == .retry || error.isAboutLogin && redis.wasHeard else { throw error }
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
}
