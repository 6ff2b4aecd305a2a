/// One partition of one topic.
public struct TopicPartition: Sendable, Hashable {
    /// The topic's full name, prefix included.
    public var topic: String
    /// The partition's number, from 0.
    public var partition: Int32

    /// Names a partition.
    public init(topic: String, partition: Int32) {
        self.topic = topic
        self.partition = partition
    }
}

extension TopicPartition: Comparable {
    /// Orders by topic, then by partition.
    public static func < (left: TopicPartition, right: TopicPartition) -> Bool {
        (left.topic, left.partition) < (right.topic, right.partition)
    }
}

extension TopicPartition: CustomStringConvertible {
    /// `topic[partition]`.
    public var description: String {
        "\(topic)[\(partition)]"
    }
}
