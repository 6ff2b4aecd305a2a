import Shared

/// Kafka's transactional producer with the topics that the Aggregator writes to.
final class KafkaTransactions: TransactionalProducer {
    private let producer: KafkaProducer
    private let aggregates1m: KafkaProducer.DestinationTopic
    private let aggregatesSliding: KafkaProducer.DestinationTopic
    private let alerts: KafkaProducer.DestinationTopic
    private let late: KafkaProducer.DestinationTopic
    private let deadLetters: KafkaProducer.DestinationTopic
    private let state: KafkaProducer.DestinationTopic

    /// Connects.
    /// - Parameters:
    ///   - kafka: where the brokers are; its prefix goes before the topics' names.
    ///   - id: a name no other running producer has, with the prefix.
    ///   - limit: how long a transaction may last. When its producer dies, readers and successors wait for the rest of it.
    ///   - stop: ends the waits for a broker early.
    /// - Throws: ``KafkaError``.
    init(kafka: KafkaSettings, id: String, limit: Duration, stop: StopSignal?) throws(KafkaError) {
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
    }

    func initTransactions() throws(KafkaError) {
        try producer.initTransactions()
    }

    func beginTransaction() throws(KafkaError) {
        try producer.beginTransaction()
    }

    func send(
        to topic: Topic,
        partition: Int32?,
        key: UnsafeBufferPointer<UInt8>?,
        value: UnsafeBufferPointer<UInt8>?,
        headers: [KafkaHeader]
    ) throws(KafkaError) {
        let destination =
            switch topic {
            case .aggregates1m: aggregates1m
            case .aggregatesSliding: aggregatesSliding
            case .alerts: alerts
            case .late: late
            case .aggregatorState: state
            case .deadLetter, .raw, .alertRules, .ingestorState: deadLetters
            }
        try producer.send(to: destination, partition: partition, key: key, value: value, headers: headers)
    }

    func flush(timeout: Duration) throws(KafkaError) {
        try producer.flush(timeout: timeout)
    }

    func sendOffsets(
        _ offsets: [TopicPartition: Int64],
        of consumer: any GroupMember,
        timeout: Duration
    ) throws(KafkaError) {
        try producer.sendOffsets(offsets, of: consumer, timeout: timeout)
    }

    func commitTransaction(timeout: Duration) throws(KafkaError) {
        try producer.commitTransaction(timeout: timeout)
    }

    func abortTransaction(timeout: Duration) throws(KafkaError) {
        try producer.abortTransaction(timeout: timeout)
    }
}
