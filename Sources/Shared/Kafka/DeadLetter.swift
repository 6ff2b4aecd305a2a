/// A record that a service can't use, on its way to `prices.dead-letter`: key, value and headers as received, and beside
/// them headers that say why and where it came from.
///
/// It always fits into what a broker takes: what is longer than the limits is cut, a header says how long it was, and
/// `source_topic`, `source_partition` and `source_offset` point to the original.
public struct DeadLetter: Sendable, Hashable {
    /// The most bytes of a value: a longer one is no value that any reader of the suite takes.
    public static let maximumValue = RecordLimit.value
    /// The most bytes of a key.
    public static let maximumKey = 4_096
    /// The most bytes of the headers that the record came with, see ``KafkaRecord/headers(atMost:)``.
    public static let maximumHeaders = 16_384

    /// Where the record stood.
    public let source: TopicPartition
    /// Its place there.
    public let offset: Int64
    /// The key's bytes, if it had one.
    public let key: [UInt8]?
    /// The value's bytes; nil for a tombstone.
    public let value: [UInt8]?
    /// The headers that it came with, as far as they fit.
    public let receivedHeaders: [KafkaHeader]
    /// Who could not use it.
    public let service: String
    /// Why, in at most ``RecordLimit/error`` bytes.
    public let error: String
    /// The database's code, when it was the database that refused it.
    public let sqlState: String?
    /// How many bytes the key had.
    private let keySize: Int
    /// How many bytes the value had.
    private let valueSize: Int

    /// Makes a dead letter of a record in hand.
    /// - Parameters:
    ///   - record: the record, which is copied as far as the limits go.
    ///   - service: who could not use it.
    ///   - error: why; cut to ``RecordLimit/error``.
    ///   - sqlState: the database's code, when it was the database that refused it.
    public init(_ record: KafkaRecord, service: String, error: String, sqlState: String? = nil) {
        self.init(
            source: record.topicPartition,
            offset: record.offset,
            key: record.key,
            value: record.value,
            headers: record.headers(atMost: Self.maximumHeaders),
            service: service,
            error: error,
            sqlState: sqlState
        )
    }

    /// Makes a dead letter of the parts of a record.
    public init(
        source: TopicPartition,
        offset: Int64,
        key: UnsafeBufferPointer<UInt8>?,
        value: UnsafeBufferPointer<UInt8>?,
        headers: [KafkaHeader],
        service: String,
        error: String,
        sqlState: String? = nil
    ) {
        self.source = source
        self.offset = offset
        self.key = key.map { Array($0.prefix(Self.maximumKey)) }
        self.value = value.map { Array($0.prefix(Self.maximumValue)) }
        keySize = key?.count ?? 0
        valueSize = value?.count ?? 0
        receivedHeaders = KafkaHeader.first(of: headers.count, atMost: Self.maximumHeaders) { headers[$0] }
        self.service = service
        self.error = error.cut(to: RecordLimit.error)
        self.sqlState = sqlState
    }

    /// All headers to send: those it came with, `key_size` and `value_size` where something was cut, `error`, `service`,
    /// `source_topic`, `source_partition`, `source_offset`, `sqlstate`.
    public var headers: [KafkaHeader] {
        var all = receivedHeaders
        if keySize > Self.maximumKey { all.append(KafkaHeader("key_size", String(keySize))) }
        if valueSize > Self.maximumValue { all.append(KafkaHeader("value_size", String(valueSize))) }
        all += [
            KafkaHeader("error", error),
            KafkaHeader("service", service),
            KafkaHeader("source_topic", source.topic),
            KafkaHeader("source_partition", String(source.partition)),
            KafkaHeader("source_offset", String(offset)),
        ]
        if let sqlState { all.append(KafkaHeader("sqlstate", sqlState)) }
        return all
    }

    /// The bytes it takes in memory, roughly: what a queue of them counts.
    public var byteCount: Int {
        (key?.count ?? 0) + (value?.count ?? 0) + error.utf8.count
            + receivedHeaders.reduce(256) { $0 + $1.byteCount }
    }
}

extension DeadLetter {
    /// Hands the bytes of key and value out.
    public func withBytes<Failure: Error>(
        _ body: (_ key: UnsafeBufferPointer<UInt8>?, _ value: UnsafeBufferPointer<UInt8>?) throws(Failure) -> Void
    ) throws(Failure) {
        try Self.withBytes(key, value, body)
    }

    /// Hands the bytes of a key and a value out; a record without one is another than a record with an empty one.
    public static func withBytes<Answer, Failure: Error>(
        _ key: [UInt8]?,
        _ value: [UInt8]?,
        _ body: (_ key: UnsafeBufferPointer<UInt8>?, _ value: UnsafeBufferPointer<UInt8>?) throws(Failure) -> Answer
    ) throws(Failure) -> Answer {
        try withBytes(key) { key throws(Failure) in
            try withBytes(value) { value throws(Failure) in try body(key, value) }
        }
    }

    private static func withBytes<Answer, Failure: Error>(
        _ bytes: [UInt8]?,
        _ body: (UnsafeBufferPointer<UInt8>?) throws(Failure) -> Answer
    ) throws(Failure) -> Answer {
        guard let bytes else { return try body(nil) }
        return try bytes.withUnsafeBufferPointer { buffer throws(Failure) in try body(buffer) }
    }
}

extension KafkaProducer {
    /// Hands a dead letter over.
    /// - Parameter patience: as of any record.
    public func send(
        _ letter: DeadLetter,
        to topic: DestinationTopic,
        patience: Duration? = nil
    ) throws(KafkaError) {
        try letter.withBytes { key, value throws(KafkaError) in
            try send(to: topic, key: key, value: value, headers: letter.headers, patience: patience)
        }
    }
}
