import Shared

/// The batches that wait for a connection and those that are being written: which is next, and how they fare. No I/O, and
/// no clock of its own.
///
/// Any connection writes any batch, those of one partition one after another. So a batch that cannot be written holds up
/// its own partition and no other.
struct WriterQueue: Sendable {
    /// What became of a batch.
    enum Outcome: Sendable {
        /// It is in the database.
        case written(Batch, BatchWriter.Result, seconds: Double)
        /// It is not, and never will be by this process: it was abandoned.
        case dropped(TopicPartition)
        /// It is not, and trying again would not help.
        case failed(TopicPartition, any Error)
    }

    /// What a connection does next.
    enum Next: Sendable {
        /// Write this.
        case write(WriterJob)
        /// Wait until then, or until something changes.
        case wait(until: ContinuousClock.Instant?)
        /// Nothing any more.
        case end
    }

    private struct Attempt: Sendable {
        let started: ContinuousClock.Instant
        let trouble: WriterJob.Trouble?
        let bytes: Int
        var isAbandoned = false
    }

    /// The database counts as silent when a batch takes longer.
    static let slow = Duration.seconds(5)

    private var waiting: [WriterJob] = []
    private var writing: [TopicPartition: Attempt] = [:]
    private var outcomes: [Outcome] = []
    private var isStopping = false

    // MARK: - The one that polls

    /// Whether nothing of a partition is here.
    func hasRoom(for partition: TopicPartition) -> Bool {
        writing[partition] == nil && !waiting.contains { $0.batch.source == partition }
    }

    /// Takes a batch of a partition that has room.
    mutating func submit(_ batch: Batch, now: ContinuousClock.Instant) {
        waiting.append(WriterJob(batch, now: now))
    }

    /// The bytes of all batches here.
    var byteCount: Int {
        waiting.reduce(0) { $0 + $1.batch.byteCount } + writing.values.reduce(0) { $0 + $1.bytes }
    }

    /// Why the database cannot be written to; nil if it can, as far as is known.
    /// - Parameter partitions: Those that are asked about; nil for all.
    func trouble(of partitions: Set<TopicPartition>? = nil, now: ContinuousClock.Instant) -> String? {
        func isMeant(_ partition: TopicPartition) -> Bool { partitions?.contains(partition) ?? true }
        for (partition, attempt) in writing where isMeant(partition) {
            if let trouble = attempt.trouble { return trouble.text }
            let age = attempt.started.duration(to: now)
            if age > Self.slow {
                return "PostgreSQL has been busy with a batch of \(partition) for \(Int(age / .seconds(1))) s"
            }
        }
        return waiting.lazy.filter { isMeant($0.batch.source) }.compactMap(\.trouble?.text).first
    }

    /// What has become of batches since the last call.
    mutating func collect() -> [Outcome] {
        defer { outcomes.removeAll() }
        return outcomes
    }

    /// Gives partitions up: what waits of them is dropped, and what is being written is not tried again.
    mutating func abandon(_ partitions: Set<TopicPartition>) {
        waiting.removeAll { partitions.contains($0.batch.source) }
        for partition in partitions { writing[partition]?.isAbandoned = true }
    }

    /// Whether something of these partitions waits or is being written.
    func holds(_ partitions: Set<TopicPartition>) -> Bool {
        writing.keys.contains(where: partitions.contains) || waiting.contains { partitions.contains($0.batch.source) }
    }

    /// Lets every connection end.
    mutating func stop() {
        isStopping = true
        waiting.removeAll()
    }

    // MARK: - A connection

    /// Takes the next batch that is due and whose partition nobody is writing.
    mutating func next(now: ContinuousClock.Instant) -> Next {
        if isStopping { return .end }
        var held = Set(writing.keys)
        var earliest: ContinuousClock.Instant?
        for index in waiting.indices where held.insert(waiting[index].batch.source).inserted {
            let job = waiting[index]
            if job.due <= now {
                waiting.remove(at: index)
                writing[job.batch.source] = Attempt(
                    started: now,
                    trouble: job.trouble,
                    bytes: job.batch.byteCount
                )
                return .write(job)
            }
            earliest = earliest.map { min($0, job.due) } ?? job.due
        }
        return .wait(until: earliest)
    }

    /// Whether the batch in hand is still wanted.
    func wants(_ job: WriterJob) -> Bool {
        !isStopping && writing[job.batch.source]?.isAbandoned == false
    }

    /// Takes note that a batch is written, or given up when not all of it is.
    /// - Returns: whether that was the end of the last trouble.
    mutating func finish(_ job: WriterJob, now: ContinuousClock.Instant) -> Bool {
        let before = writing.removeValue(forKey: job.batch.source)?.trouble
        guard job.parts.isEmpty else {
            outcomes.append(.dropped(job.batch.source))
            return false
        }
        outcomes.append(.written(job.batch, job.result, seconds: job.submitted.duration(to: now) / .seconds(1)))
        for index in waiting.indices { waiting[index].serverIsBack(now: now) }
        return before != nil && waiting.allSatisfy { $0.trouble == nil }
    }

    /// Puts a batch back that could not be written now.
    /// - Returns: whether nobody had that trouble before.
    mutating func retry(_ job: WriterJob) -> Bool {
        let isKnown =
            writing.values.contains { $0.trouble == job.trouble } || waiting.contains { $0.trouble == job.trouble }
        if wants(job) {
            waiting.append(job)
        } else {
            outcomes.append(.dropped(job.batch.source))
        }
        writing[job.batch.source] = nil
        return !isKnown
    }

    /// Takes note of a batch for which there is no hope.
    mutating func fail(_ job: WriterJob, _ error: any Error) {
        writing[job.batch.source] = nil
        outcomes.append(.failed(job.batch.source, error))
    }
}
