import Shared

/// Somebody else has written a partition's position meanwhile: this process no longer owns the partition, whatever it
/// believes, and has written nothing of the batch in hand.
struct Fenced: ClassifiedError, Equatable {
    /// The partition.
    let partition: TopicPartition
    /// The position the batch started from.
    let expected: Int64

    /// Leave the group, join it again, and go on from the positions in the database.
    var disposition: Disposition { .retry }

    /// What happened.
    var description: String {
        "another process has moved the position of \(partition) on from \(expected); nothing was written, joining the group again"
    }
}
