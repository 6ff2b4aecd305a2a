import Shared

/// Writes ticks into `prices.raw` and how far their source is into `ingestor.state`, both in one Kafka transaction: killed at
/// any moment, either both are there or neither.
///
/// A process that begins with the same id fences the one before it, whose open transaction ends with that.
final class TickTransactions {
    /// How long a step of a transaction may take.
    static let patience: Duration = .seconds(30)

    private let producer: KafkaProducer
    private let raw: KafkaProducer.DestinationTopic
    private let state: KafkaProducer.DestinationTopic

    /// Connects, and fences whoever had the same id before.
    /// - Parameters:
    ///   - kafka: where `ingestor.state` is.
    ///   - id: who writes; the topics' prefix is put before it.
    ///   - outputPrefix: put before `prices.raw`.
    /// - Throws: ``KafkaError`` when that can't be done.
    init(kafka: KafkaSettings, id: String, outputPrefix: String, stop: StopSignal) throws(KafkaError) {
        producer = try KafkaProducer(
            settings: kafka,
            mode: .transactional(id: "\(kafka.topicPrefix)\(id)"),
            stop: stop
        )
        try producer.initTransactions()
        raw = try producer.topic(Topic.raw.name(prefix: outputPrefix), schema: "price-tick/1")
        state = try producer.topic(kafka.name(.ingestorState), schema: "ingestor-state/1")
    }

    /// Writes ticks and the record behind them.
    /// - Returns: why some ticks were refused, one error each: they are too large, for example.
    /// - Throws: ``KafkaError``; nothing of it is visible then, or all of it. Make another value before the next attempt.
    func write(_ batch: borrowing TickBatch, _ record: StateRecord) throws(KafkaError) -> [KafkaError] {
        var refused: [KafkaError] = []
        try producer.beginTransaction()
        do throws(KafkaError) {
            try batch.bytes.withUnsafeBufferPointer { bytes throws(KafkaError) in
                for (index, place) in batch.records.enumerated() {
                    do throws(KafkaError) {
                        try producer.send(
                            to: raw,
                            key: UnsafeBufferPointer(rebasing: bytes[place.key]),
                            value: UnsafeBufferPointer(rebasing: bytes[place.value]),
                            hasSchema: index == 0
                        )
                    } catch {
                        guard error.isAboutRecord else { throw error }
                        refused.append(error)
                    }
                }
            }
            try producer.send(to: state, key: record.key.text, value: record.value)
            try producer.commitTransaction(timeout: Self.patience)
        } catch {
            // Of a record that the brokers refuse the end of the transaction only says that it can't be.
            var failure = error
            do throws(KafkaError) { try producer.throwDeliveryFailure() } catch {
                if error.isAboutRecord { failure = error }
            }
            try? producer.abortTransaction(timeout: .seconds(5))
            throw failure
        }
        return refused
    }
}
