/// The position at which a reader goes on is not among the records that the broker has: it deleted them before they were
/// read, or the topic was deleted and made again.
public struct PositionGap: ClassifiedError, Hashable {
    /// The partition.
    public let partition: TopicPartition
    /// Where to go on.
    public let position: Int64
    /// What the broker has: from its first record to behind its last.
    public let available: Range<Int64>
    /// The setting that decides what to do about it, a ``GapPolicy``.
    public let setting: String

    /// Looks for a gap.
    /// - Returns: nil when the broker has the record at the position, or the position is its end.
    public init?(partition: TopicPartition, position: Int64, available: Range<Int64>, setting: String) {
        guard position < available.lowerBound || position > available.upperBound else { return nil }
        self.partition = partition
        self.position = position
        self.available = available
        self.setting = setting
    }

    /// How many records are lost; 0 when the topic was created again and its offsets have started again.
    public var lost: Int64 {
        max(0, available.lowerBound - position)
    }

    /// A person decides.
    public var disposition: Disposition { .fatal }

    /// What happened and what can be done.
    public var description: String {
        let what =
            position < available.lowerBound
            ? "\(lost) records were deleted by the broker before they were read"
            : "the topic was deleted and created again, or lost records"
        return """
            \(partition): the position is offset \(position), the broker has \(available.lowerBound) to \
            \(available.upperBound): \(what); set \(setting)=continue to go on from \(available.lowerBound)
            """
    }
}
