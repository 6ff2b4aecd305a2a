import Shared

/// One partition that is ours: the batch that is being filled, and how far the database is.
struct AssignedPartition {
    /// Its name.
    let name: TopicPartition
    /// The writer that takes its batches.
    let writer: Int
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
    /// Whether it is not fetched, because its writer is in trouble.
    var isPaused = false

    /// Whether a record is of this partition.
    func isSource(of record: KafkaRecord) -> Bool {
        record.partition == name.partition && record.topic == name.topic
    }
}
