import Shared

/// The records that come next are not on the broker (any more).
struct RetentionGap: ClassifiedError, Hashable {
    /// The input partition.
    let partition: TopicPartition
    /// Where to go on.
    let position: Int64
    /// What the broker has.
    let available: Range<Int64>

    /// Looks for a gap.
    /// - Returns: nil when the broker has the record at the position, or the position is its end.
    init?(partition: TopicPartition, position: Int64, available: Range<Int64>) {
        guard position < available.lowerBound || position > available.upperBound else { return nil }
        self.partition = partition
        self.position = position
        self.available = available
    }

    /// How many records are lost; 0 when the topic was made anew and its offsets have started again.
    var lost: Int64 {
        max(0, available.lowerBound - position)
    }

    /// A person has to decide.
    var disposition: Disposition { .fatal }

    /// What is missing, and what can be done.
    var description: String {
        let what =
            position < available.lowerBound
            ? "\(lost) records of \(partition) were deleted by the broker before they were read: the position is "
                + "\(position), the earliest record \(available.lowerBound)"
            : "\(partition) ends at \(available.upperBound), before the position \(position): the topic was made anew"
        return what
            + "; AGGREGATOR_RETENTION_GAP=continue goes on with the earliest record and marks the windows partial"
    }
}
