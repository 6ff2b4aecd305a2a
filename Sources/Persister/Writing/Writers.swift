import Shared

/// Those that write batches into the database: ``WriterPool``, or writers of a simulation.
protocol Writers: AnyObject {
    /// The bytes of all batches that wait or are being written.
    var byteCount: Int { get }

    /// Whether a batch of a partition can be submitted.
    func hasRoom(for partition: TopicPartition) -> Bool

    /// Takes a batch of a partition that has room.
    func submit(_ batch: Batch)

    /// Waits until a partition has room.
    /// - Returns: whether it has; false also at once when the database takes nothing of this partition.
    func waitForRoom(for partition: TopicPartition, until deadline: ContinuousClock.Instant) -> Bool

    /// Waits until nothing of these partitions is waiting or being written.
    /// - Returns: false if the time was up, or the database takes nothing of one of them.
    func waitUntilWritten(_ partitions: Set<TopicPartition>, until deadline: ContinuousClock.Instant) -> Bool

    /// Waits until all batches together have fewer bytes.
    /// - Returns: false if the time was up, or the database is in trouble.
    func waitForSpace(below bytes: Int, until deadline: ContinuousClock.Instant) -> Bool

    /// What has become of batches since the last call.
    func collect() -> [WriterQueue.Outcome]

    /// Gives partitions up, and waits a little for what is being written of them.
    func abandon(_ partitions: Set<TopicPartition>, atMost timeout: Duration)
}
