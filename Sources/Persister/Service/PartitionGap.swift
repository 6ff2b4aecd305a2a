import Shared

/// The position in the database is not among the records that the broker has: it deleted them before they were read, or
/// the topic was deleted and made again.
struct PartitionGap: ClassifiedError, Equatable {
    /// The partition.
    let partition: TopicPartition
    /// The position in the database.
    let position: Int64
    /// What the broker has: from its first record to behind its last.
    let available: Range<Int64>

    /// A person decides.
    var disposition: Disposition { .fatal }

    /// What happened and what can be done.
    var description: String {
        let what =
            position < available.lowerBound
            ? "\(available.lowerBound - position) records were deleted by the broker before they were read"
            : "the topic was made anew or lost records"
        return """
            \(partition): the database is at offset \(position), the broker has \(available.lowerBound) to \
            \(available.upperBound): \(what); set PERSISTER_ON_GAP=continue to go on from \(available.lowerBound)
            """
    }
}
