import CRdKafka

/// A record as it lies in librdkafka's fetch buffer.
///
/// It is valid only inside the closure that it was handed to: its bytes go back to librdkafka afterwards.
public struct KafkaRecord {
    /// The topic's full name, prefix included.
    public let topic: String
    /// The partition's number.
    public let partition: Int32
    /// The record's place in its partition.
    public let offset: Int64
    /// The key's bytes, if the record has a key.
    public let key: UnsafeBufferPointer<UInt8>?
    /// The value's bytes; `nil` is a tombstone.
    public let value: UnsafeBufferPointer<UInt8>?
    private let message: UnsafeMutablePointer<rd_kafka_message_t>

    init(topic: String, message: UnsafeMutablePointer<rd_kafka_message_t>) {
        self.topic = topic
        self.partition = message.pointee.partition
        self.offset = message.pointee.offset
        self.key = KafkaRecord.bytes(message.pointee.key, message.pointee.key_len)
        self.value = KafkaRecord.bytes(message.pointee.payload, message.pointee.len)
        self.message = message
    }

    /// The topic and the partition together.
    public var topicPartition: TopicPartition {
        TopicPartition(topic: topic, partition: partition)
    }

    /// When the record was produced, in milliseconds since the Unix epoch; `nil` if the broker doesn't say.
    public var timestampMilliseconds: Int64? {
        var kind = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
        let value = rd_kafka_message_timestamp(message, &kind)
        return kind == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? nil : value
    }

    /// The record's headers in their order; made anew at each call, so not for the hot path.
    public func headers() -> [KafkaHeader] {
        var headers: OpaquePointer?
        guard rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR, let headers else {
            return []
        }
        var result: [KafkaHeader] = []
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var count = 0
        while rd_kafka_header_get_all(headers, result.count, &name, &value, &count) == RD_KAFKA_RESP_ERR_NO_ERROR {
            guard let name else {
                break
            }
            let bytes = UnsafeRawBufferPointer(start: value, count: value == nil ? 0 : count)
            result.append(KafkaHeader(String(cString: name), Array(bytes)))
        }
        return result
    }

    private static func bytes(_ start: UnsafeMutableRawPointer?, _ count: Int) -> UnsafeBufferPointer<UInt8>? {
        guard let start else {
            return nil
        }
        return UnsafeBufferPointer(start: start.assumingMemoryBound(to: UInt8.self), count: count)
    }
}
