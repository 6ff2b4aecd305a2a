import Dispatch
import Logging
import Shared
import Synchronization

/// Reads a partition's changelog to its end and makes the partition of it.
///
/// The end waits for transactions that a predecessor left open, until they are committed or aborted: so nothing that
/// becomes visible later is missed.
struct StateRestorer: StateSource {
    private let settings: AggregatorSettings
    private let memory: CoinMemory
    private let metrics: AggregatorMetrics
    private let logger: Logger
    private let clocks: Clocks
    private let read: Reading

    /// Reads a partition of the changelog to its end, open transactions included, within a time; hands out its records.
    typealias Reading = @Sendable (TopicPartition, Duration, (KafkaRecord) throws -> Void) throws -> Void

    /// More is fetched at a time than of the input: here the seconds count, and the memory goes back at once.
    private static let readerProperties = ["fetch.message.max.bytes": "1048576"]

    /// What was found.
    struct Restored: Sendable {
        /// The partition, with its position.
        var partition: Partition
        /// Whether there was any state; without it the partition is read from its earliest record.
        var hadState: Bool
        /// How many records were read.
        var records: Int
        /// How long it took.
        var duration: Duration
    }

    /// A restorer.
    /// - Parameters:
    ///   - memory: what the coins of each partition may take.
    ///   - logger: gets a line about each record that can't be used, up to a limit.
    ///   - clocks: what it goes by.
    ///   - read: reads the changelog, see ``kafka(_:stop:heartbeat:)``.
    init(
        settings: AggregatorSettings,
        memory: CoinMemory = .unlimited,
        metrics: AggregatorMetrics,
        logger: Logger,
        clocks: Clocks = .system,
        read: @escaping Reading
    ) {
        self.settings = settings
        self.memory = memory
        self.metrics = metrics
        self.logger = logger
        self.clocks = clocks
        self.read = read
    }

    /// Reads the changelog on a broker.
    /// - Parameters:
    ///   - stop: ends the waits for a broker early.
    ///   - heartbeat: gets beats while the state is read.
    static func kafka(
        _ settings: KafkaSettings,
        stop: StopSignal? = nil,
        heartbeat: Heartbeat? = nil
    ) -> Reading {
        { partition, timeout, body in
            let reader = try KafkaReader(
                settings: settings,
                properties: readerProperties,
                stop: stop,
                heartbeat: heartbeat
            )
            try reader.readToEnd(of: partition, timeout: timeout, body)
        }
    }

    /// Restores partitions side by side, as many at a time as there are cores, so that waiting for the open
    /// transaction of one doesn't hold up the next.
    /// - Parameter deadline: when it gives up; the wait for a predecessor's open transaction must end before the group
    ///   takes the partitions away again.
    /// - Returns: what was found, in the order of the partitions.
    /// - Throws: the first partition's ``KafkaError``, or ``StateError`` when a partition's position can't be used.
    func restore(
        _ partitions: [Int32],
        rules: [AlertRule],
        until deadline: ContinuousClock.Instant
    ) throws -> [Restored] {
        let results = Mutex<[Int: Result<Restored, any Error>]>([:])
        let started = clocks.instant()
        DispatchQueue.concurrentPerform(iterations: partitions.count) { index in
            let result = Result { try restore(partitions[index], rules: rules, until: deadline) }
            results.withLock { $0[index] = result }
        }
        metrics.restoreSeconds.observe(started.duration(to: clocks.instant()))
        return try results.withLock { results in
            try partitions.indices.compactMap { try results[$0]?.get() }
        }
    }

    /// Restores one partition.
    func restore(
        _ partition: Int32,
        rules: [AlertRule],
        until deadline: ContinuousClock.Instant
    ) throws -> Restored {
        let clock = clocks.reading()
        let started = clocks.instant()
        var restore = StateRestore(plan: settings.plan, memory: memory, rules: rules, partition: partition)
        var records = 0
        let source = TopicPartition(topic: settings.kafka.name(.aggregatorState), partition: partition)
        try read(source, max(.zero, started.duration(to: deadline))) { record in
            records += 1
            restore.apply(key: record.key?.span, value: record.value?.span, offset: record.offset)
        }
        let outcome = try restore.finish(at: clock.monotonic)
        report(outcome.faults, of: partition)
        let duration = started.duration(to: clocks.instant())
        metrics.restoredRecords.increment(by: records)
        return Restored(
            partition: outcome.partition,
            hadState: outcome.foundPosition,
            records: records,
            duration: duration
        )
    }

    /// Says which records of the state could not be used.
    private func report(_ faults: StateFaults, of partition: Int32) {
        guard !faults.isEmpty else { return }
        metrics.badState.increment(by: faults.values.count)
        let shown = 20
        for fault in faults.values.values.sorted(by: { $0.offset < $1.offset }).prefix(shown) {
            logger.error(
                """
                aggregator.state, partition \(partition), offset \(fault.offset) can't be used and is dropped: \(fault.key): \
                \(fault.reason)
                """
            )
        }
        if faults.values.count > shown {
            logger.error("\(faults.values.count - shown) more records of partition \(partition) are dropped")
        }
        if let fault = faults.firstUnknownKey {
            logger.warning(
                "aggregator.state, partition \(partition), offset \(fault.offset): the key \"\(fault.key)\" is unknown",
                metadata: ["unknown_keys": "\(faults.unknownKeys)"]
            )
        }
    }
}
