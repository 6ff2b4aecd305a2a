import Shared

/// Sends dead letters to `prices.dead-letter` and waits until the broker has acknowledged them.
///
/// A letter can arrive twice: the database may fail between its acknowledgement and the commit. It never arrives less than
/// once. It belongs to one writer thread.
final class DeadLetterSender {
    private let settings: KafkaSettings
    private var producer: KafkaProducer?
    /// The last offset acknowledged for each partition, so that trying a batch again doesn't send its letters again.
    private var acknowledged: [TopicPartition: Int64] = [:]

    /// A sender that connects when it has something to send.
    init(settings: KafkaSettings) {
        self.settings = settings
    }

    /// Sends letters, in the order of their offsets, and returns when all of them are acknowledged.
    /// - Throws: ``KafkaError``
    func deliver(_ letters: [DeadLetter], from source: TopicPartition) throws(KafkaError) {
        let letters = letters.filter { $0.offset > acknowledged[source] ?? -1 }
        guard let last = letters.last else { return }
        let producer = try connect()
        let topic = try producer.topic(settings.name(.deadLetter))
        for letter in letters { try producer.send(letter, to: topic) }
        try producer.flush(timeout: .seconds(30))
        acknowledged[source] = last.offset
    }

    /// Lets go of the connection to the broker.
    func reset() {
        producer = nil
    }

    private func connect() throws(KafkaError) -> KafkaProducer {
        if let producer { return producer }
        let made = try KafkaProducer(settings: settings, mode: .idempotent)
        producer = made
        return made
    }
}
