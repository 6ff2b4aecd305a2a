/// What a service does when the group moves partitions. The calls come from inside ``KafkaConsumer/poll(max:timeout:_:)``
/// and ``KafkaConsumer/close(abandon:)``, on the thread that made them, and bring the consumer whose partitions they are.
public protocol RebalanceHandler: AnyObject {
    /// These partitions are ours from now on (eager protocol: all of them at once).
    ///
    /// - Returns: the offset to start from, per partition. A partition that isn't named starts at the group's committed
    ///   offset, or at the earliest one when there is none.
    func assigned(_ partitions: [TopicPartition], of consumer: any GroupMember) throws -> [TopicPartition: Int64]

    /// These partitions go to somebody else as soon as this returns: write and commit what is in hand.
    func revoked(_ partitions: [TopicPartition], of consumer: any GroupMember)

    /// These partitions already belong to somebody else: drop what is in hand, commit nothing.
    func lost(_ partitions: [TopicPartition])
}
