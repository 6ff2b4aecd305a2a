/// A member of a consumer group as a service sees it: ``KafkaConsumer``, or one of a simulation without a broker.
///
/// What each call does stands at ``KafkaConsumer``.
public protocol GroupMember: AnyObject {
    /// The partitions that are ours, and for each the first offset that was not handed out yet.
    var positions: [TopicPartition: Int64] { get }

    /// Hands out at most `max` records, waiting at most `timeout` for the first one; rebalances happen in it.
    /// - Returns: how many records were handed out.
    @discardableResult
    func poll(max: Int, timeout: Duration, _ body: (KafkaRecord) throws -> Void) throws -> Int

    /// Goes on from other offsets.
    func seek(to offsets: [TopicPartition: Int64]) throws(KafkaError)

    /// Stops fetching from these partitions.
    func pause(_ partitions: [TopicPartition]) throws(KafkaError)

    /// Fetches from these partitions again.
    func resume(_ partitions: [TopicPartition]) throws(KafkaError)

    /// Commits to the group: for each partition the next offset to read.
    func commit(_ offsets: [TopicPartition: Int64], wait: Duration?) throws(KafkaError)

    /// The offsets the group has committed, for the partitions that have one.
    func committed(_ partitions: [TopicPartition]) throws(KafkaError) -> [TopicPartition: Int64]

    /// How many partitions a topic has; nil when the broker doesn't know it.
    func partitionCount(of topic: String, timeout: Duration) throws(KafkaError) -> Int?

    /// The first offset that is still there, and the end of what is committed.
    func watermarkOffsets(of partition: TopicPartition, timeout: Duration) throws(KafkaError) -> Range<Int64>

    /// As ``watermarkOffsets(of:timeout:)``, of many partitions.
    func watermarkOffsets(
        of partitions: [TopicPartition],
        timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Range<Int64>]

    /// The earliest offsets whose records were produced at or after a time (ms since the epoch).
    func firstOffsets(
        of partitions: [TopicPartition],
        since milliseconds: Int64,
        timeout: Duration
    ) throws(KafkaError) -> [TopicPartition: Int64]

    /// Whether everything before an offset has been handed out, the markers of transactions aside.
    func hasRead(_ partition: TopicPartition, to offset: Int64) -> Bool

    /// How many offsets lie between a partition's position and its end, as of the last fetch; nil before the first one.
    func lag(of partition: TopicPartition) -> Int64?

    /// Where a partition ends, open transactions included, as of the last fetch; nil before the first one.
    func end(of partition: TopicPartition) -> Int64?

    /// Leaves the group, and gives the partitions back; with `abandon` they count as lost.
    func close(abandon: Bool)

    /// What the broker checks when a transaction is committed: name, generation and member id.
    func groupMetadata() throws(KafkaError) -> KafkaConsumer.GroupMetadata
}
