import Logging
import Shared

/// The partitions that are ours, from the group's word to the database's positions and back.
///
/// It lives on the polling thread; the group's calls come from inside the consumer's poll.
final class Assignment: RebalanceHandler {
    /// How long what is in hand may take to be written when partitions are given back. The whole of a stop has 5 s.
    private static let handOver = Duration.seconds(2)
    /// How long a batch that is being written of partitions which are given up is waited for.
    private static let farewell = Duration.milliseconds(500)
    /// How long the polling thread waits at most, each turn, for writers that are behind.
    private static let backPressure = Duration.milliseconds(500)
    /// How long the broker may take to tell the end of a partition that isn't fetched.
    private static let lookAhead = Duration.milliseconds(200)
    /// How long the broker may take to tell the ends of all partitions that come to us.
    private static let takeOver = Duration.seconds(20)

    private let settings: PersisterSettings
    private let pool: any Writers
    private let metrics: PersisterMetrics
    private let clocks: Clocks
    private let connect: () throws(PostgresError) -> any DatabaseConnection
    private let logger = Logger(label: "persister")
    private let tables: [String: SinkTable]

    /// The partitions that are ours, in order.
    private var partitions: [AssignedPartition] = []
    /// The place of the partition that the last record came from: records come in runs.
    private var current = 0
    /// Whether the group has given us anything yet, be it an empty share.
    private(set) var hasJoined = false
    /// Records that were in hand and not written when partitions were given back last.
    private(set) var unwritten = 0
    private var directory = CoinDirectory()
    private var rules = RecordRules(latest: .earliest)
    private var nextReport: ContinuousClock.Instant

    /// An assignment without partitions.
    /// - Parameter connect: makes a connection on which the positions are read.
    init(
        settings: PersisterSettings,
        pool: any Writers,
        metrics: PersisterMetrics,
        clocks: Clocks = .system,
        connect: @escaping () throws(PostgresError) -> any DatabaseConnection
    ) {
        self.settings = settings
        self.pool = pool
        self.metrics = metrics
        self.clocks = clocks
        self.connect = connect
        nextReport = clocks.instant()
        tables = Dictionary(uniqueKeysWithValues: SinkTable.allCases.map { (settings.kafka.name($0.topic), $0) })
    }

    /// The topics that are read.
    var topics: [String] { tables.keys.sorted() }

    // MARK: - The group's word

    func assigned(_ assigned: [TopicPartition], of consumer: any GroupMember) throws -> [TopicPartition: Int64] {
        hasJoined = true
        unwritten = 0
        var offsets: [TopicPartition: Int64] = [:]
        guard !assigned.isEmpty else { return offsets }
        let ticks = settings.kafka.name(.raw)
        rules.partitionCount = try consumer.partitionCount(of: ticks, timeout: Self.takeOver) ?? rules.partitionCount
        let start = StartPosition(positions: Positions(connection: try connect()), settings: settings, metrics: metrics)
        var found: [TopicPartition: Int64] = [:]
        for partition in assigned { found[partition] = try start.positions.read(partition) }
        let available = try consumer.watermarkOffsets(of: assigned, timeout: Self.takeOver)
        for partition in assigned.sorted() {
            guard let table = tables[partition.topic], let available = available[partition] else { continue }
            let offset = try start.offset(of: partition, at: found[partition], available: available)
            offsets[partition] = offset
            partitions.append(
                AssignedPartition(
                    name: partition,
                    metrics: metrics.partition(partition),
                    batch: Batch(source: partition, table: table, firstOffset: offset),
                    committed: offset
                )
            )
        }
        logger.info("assigned", metadata: ["partitions": "\(assigned.count)"])
        return offsets
    }

    func revoked(_ revoked: [TopicPartition], of consumer: any GroupMember) {
        let names = Set(revoked)
        let deadline = clocks.instant().advanced(by: Self.handOver)
        for index in partitions.indices where partitions[index].firstArrival != nil {
            if pool.waitForRoom(for: partitions[index].name, until: deadline) { submit(index) }
        }
        let isWritten = pool.waitUntilWritten(names, until: deadline)
        // What failed is not lost: the next owner reads it again.
        try? collect(now: clocks.now)
        // For lag tools only: not worth waiting for long.
        if isWritten { try? consumer.commit(committed, wait: Self.farewell) }
        release(names)
        logger.info("revoked", metadata: ["partitions": "\(revoked.count)"])
    }

    func lost(_ lost: [TopicPartition]) {
        release(Set(lost))
        logger.warning("lost", metadata: ["partitions": "\(lost.count)"])
    }

    private func release(_ names: Set<TopicPartition>) {
        pool.abandon(names, atMost: Self.farewell)
        unwritten = partitions.reduce(0) { names.contains($1.name) ? $0 + Int($1.read - $1.committed) : $0 }
        for partition in partitions where names.contains(partition.name) {
            partition.metrics.remove()
        }
        partitions.removeAll { names.contains($0.name) }
        current = 0
    }

    private var committed: [TopicPartition: Int64] {
        Dictionary(uniqueKeysWithValues: partitions.map { ($0.name, $0.committed) })
    }

    // MARK: - Records in, batches out

    /// Takes a record into its partition's batch.
    func take(_ record: KafkaRecord) {
        // Only the name is looked at: copying the whole partition for each record took 9 % of this thread's time.
        if current >= partitions.count || !record.isOf(partitions[current].name) {
            guard let index = partitions.firstIndex(where: { record.isOf($0.name) }) else { return }
            current = index
        }
        partitions[current].batch.append(
            offset: record.offset,
            key: record.key,
            value: record.value,
            recordTime: record.time,
            headers: record.headers(atMost: DeadLetter.maximumHeaders),
            requeuedFor: record.requeuedFor,
            rules: rules,
            directory: directory
        )
        if partitions[current].firstArrival == nil { partitions[current].firstArrival = clocks.instant() }
    }

    /// Gives every batch that is due to the writers. Where those are behind, this waits for them a little; where they stay
    /// behind, the partition is paused, so that the others go on and the group isn't kept waiting. When all batches
    /// together are as large as they may be, everything is paused.
    func submitDue(now: EventTime, of consumer: any GroupMember) throws {
        rules.latest = EventTime(microseconds: now.microseconds + settings.maximumFutureMicroseconds)
        let deadline = clocks.instant().advanced(by: Self.backPressure)
        let isCrowded = bytesInHand + pool.byteCount >= settings.bufferBytes
        var stuck = Set<TopicPartition>()
        for index in partitions.indices where partitions[index].firstArrival != nil {
            let (name, batch) = (partitions[index].name, partitions[index].batch)
            let isFull = isCrowded || settings.policy.isFull(rows: batch.recordCount, bytes: batch.byteCount)
            guard isFull || settings.policy.isDue(age: partitions[index].age(at: clocks.instant())) else { continue }
            if pool.hasRoom(for: name)
                || isFull && !partitions[index].isPaused && pool.waitForRoom(for: name, until: deadline)
            {
                submit(index)
            } else if isFull {
                stuck.insert(name)
            }
        }
        let hasSpace = pool.waitForSpace(below: settings.bufferBytes - bytesInHand, until: deadline)
        try pause(consumer) { !hasSpace || stuck.contains($0) }
    }

    /// How long a poll may wait before the next batch is due.
    func pollTimeout() -> Duration {
        let now = clocks.instant()
        let oldest = partitions.lazy.compactMap { $0.isPaused ? nil : $0.age(at: now) }.max()
        let isAnyPaused = partitions.contains { $0.isPaused }
        return settings.policy.pollTimeout(oldest: oldest, limit: .milliseconds(isAnyPaused ? 20 : 100))
    }

    private var bytesInHand: Int {
        partitions.reduce(0) { $0 + $1.batch.byteCount }
    }

    /// Fetches from the partitions that are not to be paused, and from no other.
    private func pause(_ consumer: any GroupMember, _ isToBePaused: (TopicPartition) -> Bool) throws {
        var changed: (paused: [TopicPartition], resumed: [TopicPartition]) = ([], [])
        for index in partitions.indices {
            let isPaused = isToBePaused(partitions[index].name)
            guard isPaused != partitions[index].isPaused else { continue }
            partitions[index].isPaused = isPaused
            if isPaused {
                changed.paused.append(partitions[index].name)
            } else {
                changed.resumed.append(partitions[index].name)
            }
        }
        try consumer.pause(changed.paused)
        try consumer.resume(changed.resumed)
    }

    private func submit(_ index: Int) {
        let batch = partitions[index].batch
        partitions[index].batch = Batch(source: batch.source, table: batch.table, firstOffset: batch.nextOffset)
        partitions[index].firstArrival = nil
        pool.submit(batch)
    }

    // MARK: - What became of them

    /// Takes note of the batches that were written.
    /// - Throws: ``Fenced`` or another error after which the service must begin anew.
    func collect(now: EventTime) throws {
        for outcome in pool.collect() {
            switch outcome {
            case .written(let batch, let result, let seconds):
                metrics.count(batch, result, seconds: seconds, now: now)
                // Where a row was refused, its coin may have been described otherwise or not at all: it is said again.
                if result.refused == 0 {
                    for coin in batch.coins { directory.learn(coin.fact) }
                }
                if let index = partitions.firstIndex(where: { $0.name == batch.source }) {
                    partitions[index].committed = batch.nextOffset
                    partitions[index].watermark = batch.watermark ?? partitions[index].watermark
                }
            case .dropped(let name):
                logger.info("\(name): a batch was given up, and the next owner reads it again")
            case .failed(_, let error):
                throw error
            }
        }
    }

    /// Once a second: lag to the metrics, positions to the group. The group's offsets are for lag tools; nothing here
    /// ever starts from them.
    func report(now: EventTime, of consumer: any GroupMember) throws {
        guard nextReport <= clocks.instant() else { return }
        nextReport = clocks.instant().advanced(by: .seconds(1))
        for index in partitions.indices where partitions[index].isPaused {
            // A broker that is away is not asked for the next one.
            guard partitions[index].findEnd(by: consumer, within: Self.lookAhead) else { break }
        }
        for partition in partitions { partition.reportLag(now: now, of: consumer) }
        try consumer.commit(committed, wait: nil)
    }
}
