import Dispatch
import Shared
import Synchronization

/// Reads a partition's changelog to its end and makes the windows of it.
///
/// The end waits for transactions that a predecessor left open, until they are committed or aborted: so nothing that
/// becomes visible later is missed.
struct StateRestorer {
    private let settings: AggregatorSettings
    private let memory: CoinMemory
    private let metrics: AggregatorMetrics
    private let stop: StopSignal?
    private let heartbeat: Heartbeat?

    /// More is fetched at a time than of the input: here the seconds count, and the memory goes back at once.
    private static let readerProperties = ["fetch.message.max.bytes": "1048576"]

    /// What was found.
    struct Restored: Sendable {
        /// The windows, with their position.
        var windows: PartitionWindows
        /// Whether there was any state; without it the partition is read from its earliest record.
        var hadState: Bool
        /// The records that could not be used.
        var faults: StateFaults
        /// How many records were read.
        var records: Int
        /// How long it took.
        var duration: Duration
    }

    /// A restorer.
    /// - Parameters:
    ///   - memory: what the coins of each partition may take.
    ///   - stop: ends the waits for a broker early.
    ///   - heartbeat: gets beats while the state is read.
    init(
        settings: AggregatorSettings,
        memory: CoinMemory = .unlimited,
        metrics: AggregatorMetrics,
        stop: StopSignal? = nil,
        heartbeat: Heartbeat? = nil
    ) {
        self.settings = settings
        self.memory = memory
        self.metrics = metrics
        self.stop = stop
        self.heartbeat = heartbeat
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
        let started = ContinuousClock.now
        DispatchQueue.concurrentPerform(iterations: partitions.count) { index in
            let result = Result { try restore(partitions[index], rules: rules, until: deadline, clock: .now()) }
            results.withLock { $0[index] = result }
        }
        metrics.restoreSeconds.observe(started.duration(to: .now))
        return try results.withLock { results in
            try partitions.indices.compactMap { try results[$0]?.get() }
        }
    }

    private func restore(
        _ partition: Int32,
        rules: [AlertRule],
        until deadline: ContinuousClock.Instant,
        clock: ClockReading
    ) throws -> Restored {
        let started = ContinuousClock.now
        var windows = PartitionWindows(plan: settings.plan, memory: memory)
        for rule in rules { _ = windows.setRule(rule) }
        var restore = StateRestore(into: windows, partition: partition)
        var records = 0
        let source = TopicPartition(topic: settings.kafka.name(.aggregatorState), partition: partition)
        let reader = try KafkaReader(
            settings: settings.kafka,
            properties: Self.readerProperties,
            stop: stop,
            heartbeat: heartbeat
        )
        try reader.readToEnd(of: source, timeout: max(.zero, started.duration(to: deadline))) { record in
            records += 1
            restore.apply(key: record.key?.span, value: record.value?.span, offset: record.offset)
        }
        let outcome = try restore.finish(at: clock.monotonic)
        let duration = started.duration(to: .now)
        metrics.restoredRecords.increment(by: records)
        return Restored(
            windows: outcome.windows,
            hadState: outcome.foundPosition,
            faults: outcome.faults,
            records: records,
            duration: duration
        )
    }
}
