import CRdKafka

/// Owns a `rd_kafka_topic_partition_list_t`.
struct PartitionList: ~Copyable {
    let pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

    /// An offset that says "not set" to librdkafka.
    static let noOffset = Int64(RD_KAFKA_OFFSET_INVALID)

    init(_ offsets: some Sequence<(key: TopicPartition, value: Int64)>) {
        pointer = rd_kafka_topic_partition_list_new(8)
        for (partition, offset) in offsets {
            let entry = rd_kafka_topic_partition_list_add(pointer, partition.topic, partition.partition)
            entry?.pointee.offset = offset
        }
    }

    init(_ partitions: some Sequence<TopicPartition>) {
        self.init(partitions.lazy.map { (key: $0, value: PartitionList.noOffset) })
    }

    deinit {
        rd_kafka_topic_partition_list_destroy(pointer)
    }

    /// The partitions with their offsets and errors, in the list's order.
    var entries: [(partition: TopicPartition, offset: Int64, error: rd_kafka_resp_err_t)] {
        PartitionList.entries(of: pointer)
    }

    /// Reads a list that librdkafka owns.
    static func entries(
        of list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>
    ) -> [(partition: TopicPartition, offset: Int64, error: rd_kafka_resp_err_t)] {
        (0..<Int(list.pointee.cnt)).map { index in
            let entry = list.pointee.elems[index]
            let partition = TopicPartition(topic: String(cString: entry.topic), partition: entry.partition)
            return (partition, entry.offset, entry.err)
        }
    }
}
