import CRdKafka

/// A record as it lies in librdkafka's fetch buffer.
///
/// It is valid only inside the closure that it was handed to: its bytes go back to librdkafka afterwards. So it counts no
/// references either, which would cost each record that is handed on.
public struct KafkaRecord {
    private let name: Unmanaged<Name>
    /// The partition's number.
    public let partition: Int32
    /// The record's place in its partition.
    public let offset: Int64
    /// The key's bytes, if the record has a key.
    public let key: UnsafeBufferPointer<UInt8>?
    /// The value's bytes; `nil` is a tombstone.
    public let value: UnsafeBufferPointer<UInt8>?
    private let message: UnsafeMutablePointer<rd_kafka_message_t>?
    private let made: Unmanaged<Made>?

    /// A topic's full name. It must outlive the records that refer to it.
    final class Name: Sendable {
        let text: String

        init(_ text: String) {
            self.text = text
        }
    }

    /// What a record says that no broker brought.
    private final class Made {
        let name: Name
        let timestampMilliseconds: Int64?
        let headers: [KafkaHeader]

        init(_ topic: String, _ timestampMilliseconds: Int64?, _ headers: [KafkaHeader]) {
            name = Name(topic)
            self.timestampMilliseconds = timestampMilliseconds
            self.headers = headers
        }
    }

    init(topic: Name, message: UnsafeMutablePointer<rd_kafka_message_t>) {
        name = .passUnretained(topic)
        self.partition = message.pointee.partition
        self.offset = message.pointee.offset
        self.key = KafkaRecord.bytes(message.pointee.key, message.pointee.key_len)
        self.value = KafkaRecord.bytes(message.pointee.payload, message.pointee.len)
        self.message = message
        made = nil
    }

    private init(
        _ place: TopicPartition,
        _ offset: Int64,
        _ key: UnsafeBufferPointer<UInt8>?,
        _ value: UnsafeBufferPointer<UInt8>?,
        _ made: Made
    ) {
        name = .passUnretained(made.name)
        partition = place.partition
        self.offset = offset
        self.key = key
        self.value = value
        message = nil
        self.made = .passUnretained(made)
    }

    /// Hands a record to a closure that no broker brought: what reads records can be driven without one.
    /// - Parameters:
    ///   - place: the partition it is said to come from.
    ///   - timestampMilliseconds: when it is said to have been produced, in ms since the Unix epoch.
    public static func make<Answer>(
        in place: TopicPartition,
        offset: Int64,
        key: [UInt8]?,
        value: [UInt8]?,
        timestampMilliseconds: Int64? = nil,
        headers: [KafkaHeader] = [],
        _ body: (KafkaRecord) throws -> Answer
    ) rethrows -> Answer {
        let made = Made(place.topic, timestampMilliseconds, headers)
        return try withExtendedLifetime(made) {
            // An empty array has no address of its own, and a record without a value is another thing than an empty one.
            try ((key ?? []) + [0]).withUnsafeBufferPointer { keyBytes in
                try ((value ?? []) + [0]).withUnsafeBufferPointer { valueBytes in
                    let key = key.map { UnsafeBufferPointer(rebasing: keyBytes[..<$0.count]) }
                    let value = value.map { UnsafeBufferPointer(rebasing: valueBytes[..<$0.count]) }
                    return try body(KafkaRecord(place, offset, key, value, made))
                }
            }
        }
    }

    /// The topic's full name, prefix included.
    public var topic: String {
        name.takeUnretainedValue().text
    }

    /// The topic and the partition together.
    public var topicPartition: TopicPartition {
        TopicPartition(topic: topic, partition: partition)
    }

    /// Whether the record is of this partition.
    public func isOf(_ place: TopicPartition) -> Bool {
        partition == place.partition && name.takeUnretainedValue().text == place.topic
    }

    /// When the record was produced, in milliseconds since the Unix epoch; `nil` if the broker doesn't say.
    public var timestampMilliseconds: Int64? {
        guard let message else { return made?.takeUnretainedValue().timestampMilliseconds }
        var kind = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
        let value = rd_kafka_message_timestamp(message, &kind)
        return kind == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? nil : value
    }

    /// When the record was produced; `nil` if the broker doesn't say, or says what no calendar has.
    public var time: EventTime? {
        timestampMilliseconds.flatMap { EventTime(unixMilliseconds: $0) }
    }

    /// The record's headers in their order; built at each call, so not for the hot path.
    /// - Parameter limit: the most bytes of all of them; what doesn't fit is left out, and the header `headers_dropped`
    ///   says how many those are.
    public func headers(atMost limit: Int = .max) -> [KafkaHeader] {
        guard let message else {
            let headers = made?.takeUnretainedValue().headers ?? []
            return KafkaHeader.first(of: headers.count, atMost: limit) { headers[$0] }
        }
        var headers: OpaquePointer?
        guard rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR, let headers else {
            return []
        }
        return KafkaHeader.first(of: rd_kafka_header_cnt(headers), atMost: limit) { index in
            var name: UnsafePointer<CChar>?
            var value: UnsafeRawPointer?
            var count = 0
            guard rd_kafka_header_get_all(headers, index, &name, &value, &count) == RD_KAFKA_RESP_ERR_NO_ERROR, let name
            else { return nil }
            let bytes = UnsafeRawBufferPointer(start: value, count: value == nil ? 0 : count)
            return KafkaHeader(String(cString: name), Array(bytes))
        }
    }

    /// The value of the last header with a name, without making the others; nil where there is none.
    ///
    /// Reading headers costs an allocation for each, so a path that every record takes asks only where it has to.
    public func header(_ name: String) -> [UInt8]? {
        guard let message else {
            return made?.takeUnretainedValue().headers.last { $0.name == name }?.value
        }
        var headers: OpaquePointer?
        guard rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR, let headers else { return nil }
        var value: UnsafeRawPointer?
        var count = 0
        guard rd_kafka_header_get_last(headers, name, &value, &count) == RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
        return Array(UnsafeRawBufferPointer(start: value, count: value == nil ? 0 : count))
    }

    private static func bytes(_ start: UnsafeMutableRawPointer?, _ count: Int) -> UnsafeBufferPointer<UInt8>? {
        guard let start else {
            return nil
        }
        return UnsafeBufferPointer(start: start.assumingMemoryBound(to: UInt8.self), count: count)
    }
}
