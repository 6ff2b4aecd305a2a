import Shared

/// Writes records back into their topics, and the marks beside their dead letters, in transactions.
///
/// It belongs to the thread that made it.
final class RequeueWriter {
    /// How long a step of a transaction may take.
    private static let patience = Duration.seconds(30)

    /// Whether another one goes on can't be known any more.
    struct LostTrack: Error, CustomStringConvertible {
        var description: String {
            "a connection broke while a transaction ended: run it again, what was put back stays so"
        }
    }

    private let producer: KafkaProducer
    private let deadLetters: KafkaProducer.DestinationTopic
    private var topics: [String: KafkaProducer.DestinationTopic] = [:]

    /// Connects, and fences whoever puts dead letters back now. All of that one's transactions are decided then.
    init(kafka: KafkaSettings, stop: StopSignal) throws(KafkaError) {
        producer = try KafkaProducer(
            settings: kafka,
            mode: .transactional(id: kafka.topicPrefix + RequeueRun.transactionalID),
            stop: stop
        )
        try producer.initTransactions(timeout: Self.patience)
        deadLetters = try producer.topic(kafka.name(.deadLetter))
    }

    /// Writes records, and their marks.
    /// - Parameter partition: where their dead letters are.
    /// - Throws: ``KafkaError``, ``LostTrack``: all of it is there then, or nothing. Make no other attempt with this value.
    func write(_ records: [RequeueBatch.Record], partition: Int32) throws {
        // It would fence whoever has taken over meanwhile, whose marks aren't known here.
        if producer.isEndUnanswered { throw LostTrack() }
        try producer.beginTransaction()
        do throws(KafkaError) {
            for record in records {
                try send(record)
                try producer.send(
                    to: deadLetters,
                    partition: partition,
                    key: nil as UnsafeBufferPointer<UInt8>?,
                    value: nil,
                    headers: record.mark.headers
                )
            }
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
    }

    private func send(_ record: RequeueBatch.Record) throws(KafkaError) {
        let name = record.refusal.source.topic
        let topic: KafkaProducer.DestinationTopic
        if let known = topics[name] {
            topic = known
        } else {
            topic = try producer.topic(name)
            topics[name] = topic
        }
        let headers = record.headers(from: deadLetters.name)
        try DeadLetter.withBytes(record.letter.key, record.letter.value) { key, value throws(KafkaError) in
            try producer.send(to: topic, partition: record.partition, key: key, value: value, headers: headers)
        }
    }
}
