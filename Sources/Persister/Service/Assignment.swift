import Logging
import Shared

/// The partitions that are ours, from the group's word to the database's positions and back.
///
/// It lives on the polling thread; the group's calls come from inside the consumer's poll.
final class Assignment: RebalanceHandler {
    private let settings: PersisterSettings
    private let pool: WriterPool
    private let metrics: PersisterMetrics
    private let logger = Logger(label: "persister")
    private let tables: [String: SinkTable]
    /// The consumer whose partitions these are.
    weak var consumer: KafkaConsumer?

    /// The partitions that are ours, in order.
    private var partitions: [AssignedPartition] = []
    /// The place of the partition that the last record came from: records come in runs.
    private var current = 0
    /// Whether the group has given us anything yet, be it an empty share.
    private(set) var hasJoined = false
    /// Batches whose memory can be used again.
    private var spare: [Batch] = []
    private var directory = CoinDirectory()
    private var nextReport = ContinuousClock.now

    /// An assignment without partitions.
    init(settings: PersisterSettings, pool: WriterPool, metrics: PersisterMetrics) {
        self.settings = settings
        self.pool = pool
        self.metrics = metrics
        tables = Dictionary(uniqueKeysWithValues: SinkTable.allCases.map { (settings.kafka.name($0.topic), $0) })
    }

    /// The topics that are read.
    var topics: [String] { tables.keys.sorted() }

    // MARK: - The group's word

    func assigned(_ assigned: [TopicPartition]) throws -> [TopicPartition: Int64] {
        hasJoined = true
        var offsets: [TopicPartition: Int64] = [:]
        guard !assigned.isEmpty else { return offsets }
        let positions = Positions(connection: try PostgresConnection(settings.postgres))
        for (index, partition) in assigned.sorted().enumerated() {
            guard let table = tables[partition.topic], let consumer else { continue }
            let available = try consumer.watermarkOffsets(of: partition)
            let offset = try start(of: partition, available: available, positions: positions)
            offsets[partition] = offset
            let empty = Batch(source: partition, table: table, firstOffset: offset)
            partitions.append(
                AssignedPartition(
                    name: partition,
                    writer: index % pool.count,
                    metrics: metrics.partition(partition),
                    batch: empty,
                    committed: offset
                )
            )
        }
        logger.info("assigned", metadata: ["partitions": "\(assigned.count)"])
        return offsets
    }

    func revoked(_ revoked: [TopicPartition]) {
        let names = Set(revoked)
        let deadline = ContinuousClock.now.advanced(by: .seconds(10))
        for index in partitions.indices where partitions[index].firstArrival != nil {
            if pool.waitForRoom(partitions[index].writer, atMost: ContinuousClock.now.duration(to: deadline)) {
                submit(index)
            }
        }
        if pool.waitUntilWritten(names, atMost: ContinuousClock.now.duration(to: deadline)) {
            // What failed is not lost: the next owner reads it again.
            try? collect()
            try? consumer?.commit(committed, wait: true)
        }
        release(names)
        logger.info("revoked", metadata: ["partitions": "\(revoked.count)"])
    }

    func lost(_ lost: [TopicPartition]) {
        release(Set(lost))
        logger.warning("lost", metadata: ["partitions": "\(lost.count)"])
    }

    /// Where to go on: the position in the database, or the earliest record there is when there is none.
    private func start(
        of partition: TopicPartition,
        available: Range<Int64>,
        positions: Positions
    ) throws -> Int64 {
        guard let position = try positions.read(partition) else {
            try positions.start(partition, at: available.lowerBound)
            return try positions.read(partition) ?? available.lowerBound
        }
        guard position < available.lowerBound || position > available.upperBound else { return position }
        let gap = PartitionGap(partition: partition, position: position, available: available)
        guard settings.gapPolicy == .continue else { throw gap }
        logger.error("\(gap)")
        metrics.gaps.increment()
        try positions.replace(partition, by: available.lowerBound)
        return available.lowerBound
    }

    private func release(_ names: Set<TopicPartition>) {
        pool.abandon(names, atMost: .seconds(5))
        for partition in partitions where names.contains(partition.name) {
            partition.metrics.lag.set(0)
            partition.metrics.lagSeconds.set(0)
        }
        partitions.removeAll { names.contains($0.name) }
        current = 0
        // What was dropped may have told the database about coins.
        directory.removeAll()
    }

    private var committed: [TopicPartition: Int64] {
        Dictionary(uniqueKeysWithValues: partitions.map { ($0.name, $0.committed) })
    }

    // MARK: - Records in, batches out

    /// Takes a record into its partition's batch.
    func take(_ record: KafkaRecord) {
        if current >= partitions.count || !partitions[current].isSource(of: record) {
            guard let index = partitions.firstIndex(where: { $0.isSource(of: record) }) else { return }
            current = index
        }
        partitions[current].batch.append(
            offset: record.offset,
            key: record.key,
            value: record.value,
            recordTime: record.time,
            headers: record.headers(atMost: DeadLetter.maximumHeaders),
            directory: &directory
        )
        if partitions[current].firstArrival == nil { partitions[current].firstArrival = .now }
    }

    /// Gives every batch that is due to its writer. Where a writer is behind, this waits for it; where it is in trouble,
    /// the partition is paused until it is well again, so that the others go on and the group isn't kept waiting.
    func submitDue() throws {
        for index in partitions.indices {
            let partition = partitions[index]
            let isFull = settings.policy.isFull(rows: partition.batch.rowCount, bytes: partition.batch.byteCount)
            let age = partition.firstArrival?.duration(to: .now)
            guard isFull || settings.policy.isDue(age: age) else { continue }
            if pool.hasRoom(partition.writer)
                || isFull && !partition.isPaused && pool.waitForRoom(partition.writer, atMost: .seconds(5))
            {
                submit(index)
                if partition.isPaused {
                    try consumer?.resume([partition.name])
                    partitions[index].isPaused = false
                }
            } else if isFull, !partition.isPaused {
                try consumer?.pause([partition.name])
                partitions[index].isPaused = true
            }
        }
    }

    /// How long a poll may wait before the next batch is due.
    func pollTimeout() -> Duration {
        let now = ContinuousClock.now
        let oldest = partitions.lazy.compactMap { $0.isPaused ? nil : $0.firstArrival?.duration(to: now) }.max()
        return settings.policy.pollTimeout(oldest: oldest, limit: .milliseconds(100))
    }

    private func submit(_ index: Int) {
        let end = partitions[index].batch.nextOffset
        let name = partitions[index].name
        let table = partitions[index].batch.table
        var next = spare.popLast() ?? Batch(source: name, table: table, firstOffset: end)
        next.restart(source: name, table: table, firstOffset: end)
        swap(&next, &partitions[index].batch)
        partitions[index].firstArrival = nil
        pool.submit(next, to: partitions[index].writer)
    }

    // MARK: - What became of them

    /// Takes note of the batches that were written.
    /// - Throws: ``Fenced`` or another error after which the service must begin anew.
    func collect() throws {
        for outcome in pool.collect() {
            switch outcome {
            case .written(let batch, let result, let seconds):
                metrics.count(batch, result, seconds: seconds)
                if let index = partitions.firstIndex(where: { $0.name == batch.source }) {
                    partitions[index].committed = batch.nextOffset
                    partitions[index].watermark = batch.watermark ?? partitions[index].watermark
                }
                if spare.count < pool.count { spare.append(batch) }
            case .dropped(let name):
                logger.info("\(name): a batch was given up; its next owner reads it again")
            case .failed(_, let error):
                throw error
            }
        }
    }

    /// Once a second: lag to the metrics, positions to the group. The group's offsets are for lag tools; nothing here
    /// ever starts from them.
    func report(now: EventTime) throws {
        guard nextReport <= .now else { return }
        nextReport = ContinuousClock.now.advanced(by: .seconds(1))
        let positions = consumer?.positions ?? [:]
        for partition in partitions {
            let unread = consumer?.lag(of: partition.name) ?? 0
            let lag = unread + max(0, (positions[partition.name] ?? partition.committed) - partition.committed)
            partition.metrics.lag.set(Int(lag))
            let age = partition.watermark.map { Double(now.microseconds - $0.microseconds) / 1_000_000 } ?? 0
            partition.metrics.lagSeconds.set(lag > 0 ? max(0, age) : 0)
        }
        try consumer?.commit(committed, wait: false)
    }
}
