import Shared

/// A record with bytes of its own, to be kept and compared.
public struct TestRecord: Sendable, Hashable {
    /// The partition it was in.
    public var partition: Int32
    /// Its place there.
    public var offset: Int64
    /// Its key as text.
    public var key: String?
    /// Its value as text; `nil` is a tombstone.
    public var value: String?
    /// Its headers, in order.
    public var headers: [KafkaHeader]

    /// Copies a record.
    public init(_ record: KafkaRecord) {
        partition = record.partition
        offset = record.offset
        key = record.key.map { String(decoding: $0, as: UTF8.self) }
        value = record.value.map { String(decoding: $0, as: UTF8.self) }
        headers = record.headers()
    }
}
