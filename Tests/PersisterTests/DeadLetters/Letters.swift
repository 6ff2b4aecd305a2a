import Shared

@testable import Persister

/// Dead letters for tests: as a service writes them, read again as the commands do.
enum Letters {
    static let raw = TopicPartition(topic: "prices.raw", partition: 1)

    /// A dead letter of a record, at a place in partition 0.
    static func letter(
        at offset: Int64 = 0,
        of source: Int64 = 7,
        in place: TopicPartition = raw,
        service: String = "persister",
        reason: String = "why",
        sqlState: String? = nil,
        key: [UInt8]? = Array("bitcoin".utf8),
        value: [UInt8]? = Array("{}".utf8),
        headers: [KafkaHeader] = [],
        milliseconds: Int64? = 1_795_348_800_000
    ) -> StoredDeadLetter {
        let letter = DeadLetter.withBytes(key, value) { key, value in
            DeadLetter(
                source: place,
                offset: source,
                key: key,
                value: value,
                headers: headers,
                service: service,
                error: reason,
                sqlState: sqlState
            )
        }
        return stored(letter.headers, at: offset, key: letter.key, value: letter.value, milliseconds: milliseconds)
    }

    /// A record of `prices.dead-letter`, read.
    static func stored(
        _ headers: [KafkaHeader],
        at offset: Int64 = 0,
        key: [UInt8]? = nil,
        value: [UInt8]? = nil,
        milliseconds: Int64? = nil
    ) -> StoredDeadLetter {
        KafkaRecord.make(
            in: TopicPartition(topic: "prices.dead-letter", partition: 0),
            offset: offset,
            key: key,
            value: value,
            timestampMilliseconds: milliseconds,
            headers: headers
        ) { StoredDeadLetter($0) }
    }
}
