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
    let coins: CoinTable
    /// What is gathered.
    var batch: CacheBatch
    var recordsInBatch = 0
    /// What is being written meanwhile, or couldn't be and waits for Redis; and up to where the partitions are in it.
    var sent: CacheBatch
    var recordsSent = 0
    var sentTo: [TopicPartition: Int64] = [:]
    var sentSteps: [PositionStep] = []
    /// Where all positions stood then.
    var sentCheck: [PositionStep] = []
    /// Whether its answers are still to come.
    var isInFlight = false
    var redis = RedisAvailability()
    var positions: Positions
    /// The group's offsets when the partitions were taken over.
    var found: [TopicPartition: Int64] = [:]
    var freshness: Freshness
    var freshnessStore: FreshnessStore
    /// The first offset per partition of what is in hand: Redis has, or doesn't want, everything before.
    var handStart: [TopicPartition: Int64] = [:]
    /// The next offset per partition that Redis has acknowledged everything before.
    var acknowledged: [TopicPartition: Int64] = [:]
    var committed: [TopicPartition: Int64] = [:]
    var nextReport: ContinuousClock.Instant
    var sweep = IndexSweep()
    let clocks: Clocks
    private let random: () -> Double
    private let deadLetters: any DeadLetterSink
    /// Records that can't be used.
    private var refused: SampledLog
    /// Keys of another type.
    private var inTheWay: SampledLog

    /// A member that has not joined.
    /// - Parameters:
    ///   - partitions: how many each topic has.
    ///   - random: from 0 to below 1, for the lengths of pauses.
    init(
        settings: CacherSettings,
        readiness: Readiness,
        metrics: CacherMetrics,
        logger: Logger,
        partitions: [String: Int],
        writer: CacheWriter,
        deadLetters: any DeadLetterSink,
        clocks: Clocks = .system,
        random: @escaping () -> Double = { .random(in: 0..<1) }
    ) {
        self.settings = settings
        self.readiness = readiness
        self.metrics = metrics
        self.logger = logger
        self.writer = writer
        self.deadLetters = deadLetters
        self.clocks = clocks
        self.random = random
        nextReport = clocks.instant()
        coins = CoinTable()
        batch = CacheBatch(coins: coins, extent: settings.extent)
        sent = CacheBatch(coins: coins, extent: settings.extent)
        decoder = RecordDecoder(settings: settings, partitions: partitions)
        refused = SampledLog(logger)
        inTheWay = SampledLog(logger)
        positions = Positions(topics: decoder.topics, keys: settings.keys)
        freshness = Freshness(topics: decoder.topics)
        freshnessStore = FreshnessStore(
            key: settings.keys.freshness,
            timeToLiveMilliseconds: settings.timeToLiveMilliseconds
        )
    }

    /// The topics that it reads.
    var topics: [String] { decoder.topics.keys.sorted() }

    /// Works until a stop is requested.
    func run(until stop: StopSignal, consumer: any GroupMember) throws {
        do {
            while !stop.isRequested {
                readiness.heartbeat.beat()
                // Before the first record, so that a wrong address or password is said at once, and while there is nothing
                // to write, so that `/readyz` stays true, Redis is asked.
                switch redis.turn(at: clocks.instant()) {
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
        consumer.close(abandon: false)
    }

    /// While Redis works at a batch the next one is gathered. One that was kept while Redis was away goes first.
    private func work(_ consumer: any GroupMember) throws {
        guard try findPositions(consumer) else { return }
        try gather(consumer)
        guard try settle(consumer) else { return }
        if recordsSent == 0, recordsInBatch > 0 {
            swap(&batch, &sent)
            recordsSent = recordsInBatch
            recordsInBatch = 0
            sentTo = consumer.positions
            freshness.mark()
        }
        if recordsSent > 0 { try send() }
    }

    /// Takes in what Kafka has; waits for it only when there is nothing else to do.
    private func gather(_ consumer: any GroupMember) throws {
        // All coins are forgotten between two batches.
        if coins.isFull, recordsInBatch == 0, recordsSent > 0 { return }
        if recordsInBatch == 0, recordsSent == 0 { handStart = consumer.positions }
        let wait: Duration = recordsSent == 0 && recordsInBatch == 0 ? .milliseconds(100) : .zero
        if recordsInBatch < settings.batchSize { try consumer.poll(max: settings.batchSize, timeout: wait, take) }
        if positions.refilling.isEmpty || recordsInBatch == 0 { return }
        // Of a coin's many old records only the last is written: the more of them at once, the better.
        let end = clocks.instant() + Self.refillGathering
        while recordsInBatch < Self.refillBatch, clocks.instant() < end {
            let count = min(settings.batchSize, Self.refillBatch - recordsInBatch)
            try consumer.poll(max: count, timeout: .milliseconds(10), take)
        }
    }

    /// How many records a batch has while Redis is refilled, and how long they are waited for.
    private static let refillBatch = 20_000
    private static let refillGathering = Duration.milliseconds(100)

    private func send() throws {
        // Before the positions are in Redis: what lies before one is never a dead letter again.
        try deadLetters.flush(timeout: DeadLetterQueue.patience)
        sentSteps = positions.steps(to: sentTo)
        sentCheck = positions.check
        do throws(RedisError) {
            try writer.send(sent, moving: sentSteps, checking: sentCheck)
        } catch {
            return try failed(error)
        }
        isInFlight = true
    }

    /// Waits until Redis has what was sent.
    /// - Returns: false when it went away, and the batch is kept, or when it has lost data, and the batch is read again.
    func settle(_ consumer: any GroupMember) throws -> Bool {
        guard isInFlight else { return true }
        isInFlight = false
        let receipt: CacheReceipt
        do throws(RedisError) {
            receipt = try writer.finish(sent)
        } catch {
            try failed(error)
            return false
        }
        // Of records that are only counted, or can't be used, Redis heard nothing.
        if !receipt.roundTrips.isEmpty { redis.wrote(at: clocks.instant()) }
        guard receipt.isMade else {
            let lost = Positions.lost(sentCheck, found: receipt.positions)
            try moved(lost.steps, lost.found, consumer)
            return false
        }
        try acknowledge(receipt)
        try moved(sentSteps, receipt.positions, consumer)
        return true
    }

    /// Redis has what was sent.
    private func acknowledge(_ receipt: CacheReceipt) throws {
        if !receipt.roundTrips.isEmpty { metrics.batchSize.observe(Double(recordsSent)) }
        metrics.count(sent, receipt, now: clocks.now)
        receipt.keysInTheWay.first.map { left(out: $0) }
        forgetSent()
        acknowledged = sentTo
        handStart = sentTo
        freshness.acknowledge()
    }

    /// Waits until Redis has what was sent, when the partitions go: nothing is read again any more.
    /// - Returns: false when it hasn't.
    func settleForGood() throws -> Bool {
        guard isInFlight else { return recordsSent == 0 }
        isInFlight = false
        let receipt = try writer.finish(sent)
        if receipt.isMade { try acknowledge(receipt) }
        return receipt.isMade
    }

    /// What was sent needs no care any more.
    func forgetSent() {
        sent.removeAll()
        recordsSent = 0
        isInFlight = false
        if coins.isFull, recordsInBatch == 0 { coins.removeAll() }
    }

    /// Lets go of all that is in hand, to read it again.
    func dropHand() {
        batch.removeAll()
        recordsInBatch = 0
        forgetSent()
    }

    /// Decodes a record into the batch; one that can't be used becomes a dead letter.
    private func take(_ record: KafkaRecord) throws {
        let use = positions.use(of: record)
        if use == .leave { return }
        guard let topic = decoder.topics[record.topic] else { return }
        recordsInBatch += 1
        // A mark that dead letters were put back is no dead letter.
        if topic == .deadLetter, RequeueMark(record) != nil { return }
        metrics.records(of: topic).increment()
        switch decoder.take(record, of: topic, into: &batch, now: clocks.now, isSilent: use != .new) {
        case .used(let eventTime):
            freshness.read(record, eventTime)
        case .refused(let reason):
            freshness.read(record, nil)
            // Of one that was put back for others the dead letter is there already, if there is one.
            if use == .again || !record.isMeant(for: "cacher") { return }
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
    private func ask(_ consumer: any GroupMember) throws {
        guard try settle(consumer) else { return }
        do throws(RedisError) {
            try writer.connect()
        } catch {
            return try failed(error)
        }
        if redis.isAway { try consumer.resume(Array(consumer.positions.keys)) }
        redis.answered(at: clocks.instant())
        readiness.set("redis", .ok)
    }

    /// Takes note that Redis is away.
    /// - Throws: the error, if time doesn't heal it. A login that has worked may work again.
    func failed(_ error: RedisError) throws {
        guard error.disposition == .retry || error.isAboutLogin && redis.wasHeard else { throw error }
        metrics.redisFailures.increment()
        readiness.set("redis", .failing(error.message))
        let delay = redis.failed(at: clocks.instant(), random: random())
        let milliseconds = Int(delay / .milliseconds(1))
        logger.warning("Redis is away, the batch is kept and tried again in \(milliseconds) ms: \(error)")
    }

    /// While Redis is away the partitions are paused but polled, so that the membership is kept.
    private func wait(_ consumer: any GroupMember) throws {
        // After a rebalance new partitions arrive unpaused; what they bring joins the batch.
        try consumer.pause(Array(consumer.positions.keys))
        try consumer.poll(max: 100, timeout: .milliseconds(50), take)
    }
}
