import Shared

/// A record of `prices.dead-letter` as it was read: the record that was refused, and what is said about it.
struct StoredDeadLetter: Sendable, Hashable {
    /// What the service that refused the record says of it.
    struct Refusal: Sendable, Hashable {
        /// Who could not use it.
        let service: String
        /// Why.
        let reason: String
        /// The database's code, when it was the database that refused it.
        let sqlState: String?
        /// Where the record stood.
        let source: TopicPartition
        /// Its place there.
        let offset: Int64
        /// How many bytes the key had, when it was too long to be kept.
        let keySize: Int?
        /// How many bytes the value had, when it was too long to be kept.
        let valueSize: Int?
    }

    /// Where the dead letter stands.
    let place: DeadLetterPlace
    /// When it was written.
    let time: EventTime?
    /// The key of the record, or what was kept of it.
    let key: [UInt8]?
    /// Its value, or what was kept of it; nil for a tombstone.
    let value: [UInt8]?
    /// The headers that it came with.
    let headers: [KafkaHeader]
    /// What was said of it; nil for a record that no service of ours wrote.
    let refusal: Refusal?

    /// Reads a record.
    init(_ record: KafkaRecord) {
        place = DeadLetterPlace(partition: record.partition, offset: record.offset)
        time = record.time
        key = record.key.map { Array($0) }
        value = record.value.map { Array($0) }
        (headers, refusal) = Self.parts(of: record.headers(), key: key?.count ?? 0, value: value?.count ?? 0)
    }

    /// What its record says of an earlier time that it was put back.
    var requeued: Requeued? { Requeued(headers) }

    /// Takes the headers apart: those of ``DeadLetter/headers`` stand last, whatever the record itself came with.
    private static func parts(of all: [KafkaHeader], key: Int, value: Int) -> ([KafkaHeader], Refusal?) {
        var rest = all[...]
        func last(_ name: String) -> String? {
            guard rest.last?.name == name else { return nil }
            return rest.removeLast().text
        }
        let sqlState = last("sqlstate")
        guard let offset = last("source_offset").flatMap({ Int64($0) }), offset >= 0,
            let partition = last("source_partition").flatMap({ Int32($0) }), partition >= 0,
            let topic = last("source_topic"), let service = last("service"), let reason = last("error")
        else { return (all, nil) }
        // Only what has the longest length that is kept was longer.
        func size(_ name: String, kept: Int, limit: Int) -> Int? {
            guard kept == limit, let size = rest.last.flatMap({ $0.name == name ? Int($0.text) : nil }), size > limit
            else { return nil }
            rest.removeLast()
            return size
        }
        let valueSize = size("value_size", kept: value, limit: DeadLetter.maximumValue)
        let keySize = size("key_size", kept: key, limit: DeadLetter.maximumKey)
        let refusal = Refusal(
            service: service,
            reason: reason,
            sqlState: sqlState,
            source: TopicPartition(topic: topic, partition: partition),
            offset: offset,
            keySize: keySize,
            valueSize: valueSize
        )
        return (Array(rest), refusal)
    }
}
