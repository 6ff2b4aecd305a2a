import Shared

/// One partition that is ours: the batch that is being filled, and how far the database is.
struct AssignedPartition {
    /// Its name.
    let name: TopicPartition
    /// Where its lag is shown.
    let metrics: PersisterMetrics.Partition
    /// The batch that takes records.
    var batch: Batch
    /// When the batch's first record arrived; nil while it has none.
    var firstArrival: ContinuousClock.Instant?
    /// The position in the database, as far as this process has moved it.
    var committed: Int64
    /// The largest event time in the database, as far as this process has written.
    var watermark: EventTime?
    /// Whether it is not fetched, because its batch is full and the one before isn't written.
    var isPaused = false
    /// Its end, as the broker said last while it was paused.
    var end: Int64?

    /// The position behind the last record that was taken.
    var read: Int64 { batch.nextOffset }

    /// How long the batch's first record has been waiting; nil while it has none.
    func age(at now: ContinuousClock.Instant) -> Duration? { firstArrival?.duration(to: now) }

    /// Asks the broker for its end, so that its lag doesn't stand still while it isn't fetched.
    /// - Returns: whether the broker answered.
    mutating func findEnd(by consumer: any GroupMember, within timeout: Duration) -> Bool {
        guard let available = try? consumer.watermarkOffsets(of: name, timeout: timeout) else { return false }
        end = available.upperBound
        return true
    }

    /// Brings its lag up to date in the metrics.
    func reportLag(now: EventTime, of consumer: any GroupMember) {
        // Of a partition that is fetched, the consumer knows the end, and that a transaction's marker is no record.
        let unread = isPaused ? nil : consumer.lag(of: name)
        let end = unread.map { read + $0 } ?? end ?? read
        let lag = max(0, max(end, read) - committed)
        metrics.lag.set(Int(lag))
        let age = watermark.map { Double(now.microseconds - $0.microseconds) / 1_000_000 } ?? 0
        metrics.lagSeconds.set(lag > 0 ? max(0, age) : 0)
    }
}
