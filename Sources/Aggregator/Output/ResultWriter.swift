import Shared

/// Turns what a partition has to say into records: results, alerts, late ticks, dead letters, state.
struct ResultWriter {
    private let sink: any RecordSink
    private var json = JSONWriter()

    /// The topics it writes to, besides the state.
    static let outputs: [Topic] = [.aggregates1m, .aggregatesSliding, .alerts, .late, .deadLetter]

    /// Writes into a sink.
    init(_ sink: any RecordSink) {
        self.sink = sink
    }

    /// Writes a window's result.
    mutating func write(_ aggregate: PriceAggregate) throws {
        json.reset()
        aggregate.write(to: &json)
        try send(to: aggregate.isMinute ? .aggregates1m : .aggregatesSliding, key: aggregate.coinID)
    }

    /// Writes an alert.
    mutating func write(_ alert: PriceAlert) throws {
        json.reset()
        alert.write(to: &json)
        try send(to: .alerts, key: alert.coinID)
    }

    /// Writes a tick that came too late or too early, as it was received, with headers that say why.
    func writeLate(_ record: KafkaRecord, headers: [KafkaHeader]) throws {
        let provenance = [
            KafkaHeader("source_topic", record.topic),
            KafkaHeader("source_partition", String(record.partition)),
            KafkaHeader("source_offset", String(record.offset)),
        ]
        try sink.send(
            to: .late,
            partition: nil,
            key: record.key,
            value: record.value,
            headers: record.headers(atMost: DeadLetter.maximumHeaders) + headers + provenance
        )
    }

    /// Writes a record that can't be used.
    func write(_ letter: DeadLetter) throws {
        try letter.withBytes { key, value in
            try sink.send(to: .deadLetter, partition: nil, key: key, value: value, headers: letter.headers)
        }
    }

    /// Writes a record of the state of one partition; nil removes it.
    mutating func write(_ key: StateKey, _ value: StateValue?, partition: Int32) throws {
        guard let value else {
            var key = key.description
            return try key.withUTF8 {
                try sink.send(to: .aggregatorState, partition: partition, key: $0, value: nil, headers: [])
            }
        }
        json.reset()
        value.write(to: &json)
        try send(to: .aggregatorState, partition: partition, key: key.description)
    }

    private func send(to topic: Topic, partition: Int32? = nil, key: String) throws {
        var key = key
        try key.withUTF8 { key in
            try json.withUnsafeBytes { value in
                try sink.send(to: topic, partition: partition, key: key, value: value, headers: [])
            }
        }
    }
}
