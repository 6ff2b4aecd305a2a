/// Partitions that the group gave us could not be taken over: the member must begin anew.
///
/// A type of its own, so that no one takes it for an error of a partition that is being read, and goes on.
public struct FailedAssignment: ClassifiedError {
    /// What went wrong.
    public let cause: KafkaError

    /// An assignment that failed.
    public init(cause: KafkaError) {
        self.cause = cause
    }

    /// A position that went while it was being looked for is another at the next try.
    public var disposition: Disposition {
        cause.isOffsetOutOfRange ? .retry : cause.disposition
    }

    /// One line.
    public var description: String {
        "the assigned partitions can't be taken over: \(cause)"
    }
}
