import Shared

/// Writes everything that comes of the input in Kafka transactions: results, alerts, late ticks, dead letters, state.
///
/// A transaction begins with the first thing written and ends in `commit` or `abort`.
final class TransactionWriter {
    private let producer: KafkaProducer
    private let aggregates1m: KafkaProducer.DestinationTopic
    private let aggregatesSliding: KafkaProducer.DestinationTopic
    private let alerts: KafkaProducer.DestinationTopic
    private let late: KafkaProducer.DestinationTopic
    private let deadLetters: KafkaProducer.DestinationTopic
    private let state: KafkaProducer.DestinationTopic
    private var json = JSONWriter()

    /// When the open transaction began; nil when none is open.
    private(set) var openedAt: ContinuousClock.Instant?

    /// The topics it writes to, besides the state.
    static let outputs: [Topic] = [.aggregates1m, .aggregatesSliding, .alerts, .late, .deadLetter]

    /// Connects, and ends what an earlier instance of the same name had open.
    /// - Parameters:
    ///   - kafka: where the brokers are; its prefix goes before the topics' names.
    ///   - id: a name no other running writer has, with the prefix.
    ///   - limit: how long a transaction may last. When its writer dies, readers and successors wait for the rest of it.
    ///   - stop: ends the waits for a broker early.
    /// - Throws: ``KafkaError``.
    init(kafka: KafkaSettings, id: String, limit: Duration, stop: StopSignal? = nil) throws(KafkaError) {
        producer = try KafkaProducer(
            settings: kafka,
            mode: .transactional(id: id),
            properties: [
                "queue.buffering.max.kbytes": "32768", "queue.buffering.max.messages": "200000",
                "transaction.timeout.ms": "\(limit.wholeMicroseconds / 1_000)",
            ],
            stop: stop
        )
        aggregates1m = try producer.topic(kafka.name(.aggregates1m), schema: "price-aggregate/1")
        aggregatesSliding = try producer.topic(kafka.name(.aggregatesSliding), schema: "price-aggregate/1")
        alerts = try producer.topic(kafka.name(.alerts), schema: "price-alert/1")
        late = try producer.topic(kafka.name(.late))
        deadLetters = try producer.topic(kafka.name(.deadLetter))
        state = try producer.topic(kafka.name(.aggregatorState), schema: "aggregator-state/1")
        try producer.initTransactions()
    }

    /// Begins a transaction unless one is open.
    func begin() throws(KafkaError) {
        guard openedAt == nil else { return }
        try producer.beginTransaction()
        openedAt = .now
    }

    /// Writes a window's result.
    func write(_ aggregate: PriceAggregate) throws {
        let isMinute =
            aggregate.window == .tumbling
            && aggregate.windowEnd.microseconds - aggregate.windowStart.microseconds == 60_000_000
        json.reset()
        aggregate.write(to: &json)
        try send(to: isMinute ? aggregates1m : aggregatesSliding, key: aggregate.coinID)
    }

    /// Writes an alert.
    func write(_ alert: PriceAlert) throws {
        json.reset()
        alert.write(to: &json)
        try send(to: alerts, key: alert.coinID)
    }

    /// Writes a tick that came too late or too early, as it was received, with headers that say why.
    func writeLate(_ record: KafkaRecord, headers: [KafkaHeader]) throws {
        try begin()
        let provenance = [
            KafkaHeader("source_topic", record.topic),
            KafkaHeader("source_partition", String(record.partition)),
            KafkaHeader("source_offset", String(record.offset)),
        ]
        try producer.send(
            to: late,
            key: record.key,
            value: record.value,
            headers: record.headers(atMost: DeadLetter.maximumHeaders) + headers + provenance
        )
    }

    /// Writes a record that can't be used.
    func write(_ letter: DeadLetter) throws(KafkaError) {
        try begin()
        try producer.send(letter, to: deadLetters)
    }

    /// Writes a record of the state of one partition; nil removes it.
    func write(_ key: StateKey, _ value: StateValue?, partition: Int32) throws {
        guard let value else {
            try producer.send(to: state, partition: partition, key: key.description, value: nil)
            return
        }
        json.reset()
        value.write(to: &json)
        try send(to: state, partition: partition, key: key.description)
    }

    /// Commits: everything written and the offsets become visible at once.
    /// - Parameters:
    ///   - offsets: by partition the next offset to read.
    ///   - consumer: whose membership of its group is checked by the broker: a zombie's commit is refused.
    ///   - timeout: for each step.
    func commit(_ offsets: [TopicPartition: Int64], of consumer: KafkaConsumer, timeout: Duration) throws(KafkaError) {
        // The state must have arrived before the broker checks our membership: whoever takes over after the check
        // then finds it there, open or committed, and waits for its end.
        try producer.flush(timeout: timeout)
        try producer.sendOffsets(offsets, of: consumer, timeout: timeout)
        try producer.commitTransaction(timeout: timeout)
        openedAt = nil
    }

    /// Commits everything written; there are no offsets to go with it.
    func commit(timeout: Duration) throws(KafkaError) {
        guard openedAt != nil else { return }
        try producer.commitTransaction(timeout: timeout)
        openedAt = nil
    }

    /// Takes back everything written since the transaction began.
    func abort(timeout: Duration) throws(KafkaError) {
        guard openedAt != nil else { return }
        openedAt = nil
        try producer.abortTransaction(timeout: timeout)
    }

    private func send(to topic: KafkaProducer.DestinationTopic, partition: Int32? = nil, key: String) throws {
        try begin()
        var key = key
        try key.withUTF8 { key in
            try json.withUnsafeBytes { value in
                try producer.send(to: topic, partition: partition, key: key, value: value)
            }
        }
    }
}
