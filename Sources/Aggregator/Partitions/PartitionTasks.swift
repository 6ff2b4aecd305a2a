import Logging
import Shared

/// The tasks of the partitions that are ours. Partitions come with their state restored, and go with everything in hand
/// committed, or, when they have been lost, dropped.
final class PartitionTasks: RebalanceHandler {
    /// By partition.
    private(set) var tasks: [Int32: PartitionTask] = [:]
    /// The task of the last record: records come in runs of one partition.
    private var current: PartitionTask?
    /// Whether the group has given us an assignment, if only an empty one.
    private(set) var wasAssigned = false
    /// What went wrong in a callback that can't throw; the loop throws it.
    var failure: (any Error)?
    private let settings: AggregatorSettings
    private let metrics: AggregatorMetrics
    private let session: TransactionSession
    private let rules: any RuleSource
    private let states: any StateSource
    private let clocks: Clocks
    private var clockCheck = ClockCheck()
    private var noRoomLog: SampledLog
    private let inputPartitions: Int
    private let logger: Logger
    private let isBrokerReachable: @Sendable () -> Bool
    /// How long a step of a transaction's end may take: a little longer than the broker lets a transaction last.
    private static let stepTimeout = Duration.seconds(5)

    /// No tasks yet.
    /// - Parameter isBrokerReachable: whether a broker answered of late.
    init(
        settings: AggregatorSettings,
        metrics: AggregatorMetrics,
        session: TransactionSession,
        rules: any RuleSource,
        states: any StateSource,
        inputPartitions: Int,
        logger: Logger,
        clocks: Clocks = .system,
        isBrokerReachable: @escaping @Sendable () -> Bool
    ) {
        self.settings = settings
        self.metrics = metrics
        self.session = session
        self.rules = rules
        noRoomLog = SampledLog(logger)
        self.inputPartitions = inputPartitions
        self.logger = logger
        self.states = states
        self.clocks = clocks
        self.isBrokerReachable = isBrokerReachable
    }

    // MARK: - Rebalances

    func assigned(_ partitions: [TopicPartition], of consumer: any GroupMember) throws -> [TopicPartition: Int64] {
        wasAssigned = true
        return try restore(partitions, of: consumer)
    }

    func revoked(_ partitions: [TopicPartition], of consumer: any GroupMember) {
        do {
            try commit(of: consumer)
        } catch {
            logger.warning("the batch in hand could not be committed before the partitions were revoked: \(error)")
            abandon()
            if !((error as? KafkaError)?.requiresAbort ?? false) { failure = error }
        }
        drop()
    }

    func lost(_ partitions: [TopicPartition]) {
        logger.warning("another instance has the partitions already; what was in hand is dropped")
        abandon()
        drop()
    }

    private func abandon() {
        do {
            // Brokers that are away abort nothing, and the group must not wait for them to come back: the next producer
            // of this name ends what this one had open.
            if session.isOpen, !isBrokerReachable() {
                throw ProducerLost(reason: "no broker answers")
            }
            try session.abort(timeout: Self.stepTimeout)
            metrics.aborted.increment()
        } catch {
            failure = error
        }
    }

    /// A partition of prices.raw.
    private func input(_ partition: Int32) -> TopicPartition {
        TopicPartition(topic: settings.kafka.name(.raw), partition: partition)
    }

    private func drop() {
        for partition in tasks.keys {
            metrics.lag(of: input(partition)).remove()
            metrics.watermarkDelay(of: partition).remove()
            metrics.coinMemory(of: partition).remove()
        }
        tasks = [:]
        current = nil
    }

    // MARK: - State

    /// Makes the tasks of these partitions from their state.
    /// - Returns: where to go on, by partition.
    private func restore(_ partitions: [TopicPartition], of consumer: any GroupMember) throws -> [TopicPartition: Int64]
    {
        let deadline = clocks.instant().advanced(by: settings.restoreLimit)
        var positions: [TopicPartition: Int64] = [:]
        let start = StartPosition(settings: settings, metrics: metrics, logger: logger)
        let found = try states.restore(partitions.map(\.partition), rules: rules.inForce, until: deadline)
        let left = min(.seconds(10), max(.seconds(1), clocks.instant().duration(to: deadline)))
        let available = try consumer.watermarkOffsets(of: partitions, timeout: left)
        for (partition, var restored) in zip(partitions, found) {
            try start.find(for: &restored, of: partition, available: available[partition] ?? 0..<0)
            positions[partition] = restored.partition.position.nextOffset
            tasks[partition.partition] = PartitionTask(
                restored.partition,
                number: partition.partition,
                of: inputPartitions,
                sink: session,
                metrics: metrics
            )
            logger.info(
                "partition \(partition.partition) goes on at offset \(restored.partition.position.nextOffset)",
                metadata: [
                    "state_records": "\(restored.records)",
                    "restore_ms": "\(restored.duration.wholeMicroseconds / 1_000)",
                ]
            )
        }
        return positions
    }

    /// Throws away what is in memory and in the open transaction, and restores all tasks.
    /// - Returns: where to go on, by partition.
    func startAgain(_ consumer: any GroupMember) throws -> [TopicPartition: Int64] {
        try session.abort(timeout: Self.stepTimeout)
        metrics.aborted.increment()
        let topic = settings.kafka.name(.raw)
        let partitions = tasks.keys.sorted().map { TopicPartition(topic: topic, partition: $0) }
        tasks = [:]
        current = nil
        return try restore(partitions, of: consumer)
    }

    // MARK: - Work

    /// Takes a record into its partition's task.
    /// - Returns: false when the transaction has to be committed first, and the record handed in again.
    func take(_ record: KafkaRecord, clock: ClockReading) throws -> Bool {
        guard !session.isFull else { return false }
        if current?.number != record.partition { current = tasks[record.partition] }
        return try current?.take(record, clock: clock) ?? true
    }

    /// Lets the watermarks of partitions that have been read to their end follow the clock.
    /// - Returns: false when the transaction has to be committed first, and this called again.
    func advance(to clock: ClockReading, of consumer: any GroupMember) throws -> Bool {
        guard settings.followsClock, isBrokerReachable() else { return true }
        let topic = settings.kafka.name(.raw)
        for task in tasks.values
        where consumer.lag(of: TopicPartition(topic: topic, partition: task.number)) == 0 {
            guard !session.isFull, try task.advance(to: clock) else { return false }
        }
        return true
    }

    /// Whether a window has closed or an alert fired since the last commit.
    var haveNews: Bool { tasks.values.contains(where: \.hasNews) }

    /// Whether more waits on the broker than a few turns of the loop take.
    func isBehind(_ consumer: any GroupMember) -> Bool {
        let topic = settings.kafka.name(.raw)
        return tasks.keys.contains { consumer.lag(of: TopicPartition(topic: topic, partition: $0)) ?? 0 > 10_000 }
    }

    /// Hands what the tasks counted to the metrics.
    func publishCounts() {
        for task in tasks.values {
            let counts = task.publishCounts()
            clockCheck.add(counts)
            if counts.noRoom > 0 {
                noRoomLog.warning(
                    """
                    partition \(task.number) has no room for another coin: \(counts.noRoom) ticks went to the dead letters \
                    (AGGREGATOR_COIN_MEMORY)
                    """
                )
            }
        }
    }

    /// Whether the ticks' times fit this machine's clock; a change is logged.
    func checkClock() -> ClockCheck.Verdict {
        if clockCheck.judge(at: clocks.instant()) {
            let verdict = clockCheck.verdict
            logger.log(level: verdict == .plausible ? .info : .warning, "\(verdict)")
        }
        return clockCheck.verdict
    }

    /// Takes over changes of the rules.
    func followRules() throws {
        try rules.deliver(to: tasks, of: inputPartitions)
    }

    /// Commits what is in hand, if there is anything.
    /// - Parameter consumer: the member of the group, for the broker's check of the commit.
    func commit(of consumer: any GroupMember) throws {
        let touched = tasks.values.filter(\.needsCommit).sorted { $0.number < $1.number }
        guard !touched.isEmpty else { return }
        let started = clocks.instant()
        try session.begin()
        let topic = settings.kafka.name(.raw)
        var offsets: [TopicPartition: Int64] = [:]
        for task in touched {
            offsets[TopicPartition(topic: topic, partition: task.number)] = task.partition.position.nextOffset
            try task.writeState()
        }
        try session.commit(offsets, of: consumer, timeout: Self.stepTimeout)
        metrics.committed.increment()
        metrics.commitSeconds.observe(started.duration(to: clocks.instant()))
    }

    /// Brings the figures up to date that change slowly.
    func publish(clock: ClockReading, of consumer: any GroupMember) {
        for task in tasks.values {
            let source = input(task.number)
            metrics.coinMemory(of: task.number).set(task.partition.byteCount)
            if let lag = consumer.lag(of: source) { metrics.lag(of: source).set(Int(lag)) }
            if let watermark = task.partition.watermark {
                let delay = Double(clock.wall.microseconds - watermark.microseconds) / 1_000_000
                metrics.watermarkDelay(of: task.number).set(delay)
            }
        }
    }
}
