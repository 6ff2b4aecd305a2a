import Shared

/// Sends dead letters to `prices.dead-letter` and waits until the broker has acknowledged them.
///
/// A letter can arrive twice: the database may fail between its acknowledgement and the commit. It never arrives less than
/// once. It belongs to one writer thread.
final class DeadLetterSender {
    /// How long the broker may take.
    private static let timeout = Duration.seconds(30)
    /// How soon a requested stop is seen.
    private static let turn = Duration.milliseconds(200)

    private let settings: KafkaSettings
    private let stop: StopSignal
    private var producer: KafkaProducer?
    /// The last offset acknowledged for each partition, so that trying a batch again doesn't send its letters again.
    private var acknowledged: [TopicPartition: Int64] = [:]

    /// A sender that connects when it has something to send.
    /// - Parameter stop: Ends the wait for the broker when it is requested.
    init(settings: KafkaSettings, stop: StopSignal) {
        self.settings = settings
        self.stop = stop
    }

    /// Sends letters, in the order of their offsets, and returns when all of them are acknowledged.
    /// - Throws: ``KafkaError``
    func deliver(_ letters: [DeadLetter], from source: TopicPartition) throws(KafkaError) {
        let letters = letters.filter { $0.offset > acknowledged[source] ?? -1 }
        guard let last = letters.last else { return }
        let producer = try connect()
        let topic = try producer.topic(settings.name(.deadLetter))
        for letter in letters { try producer.send(letter, to: topic) }
        try flush(producer)
        acknowledged[source] = last.offset
    }

    /// Lets go of the connection to the broker.
    func reset() {
        producer = nil
    }

    private func flush(_ producer: KafkaProducer) throws(KafkaError) {
        let deadline = ContinuousClock.now.advanced(by: Self.timeout)
        while true {
            do {
                return try producer.flush(timeout: Self.turn)
            } catch {
                guard error.isTimeout, !stop.isRequested, ContinuousClock.now < deadline else { throw error }
            }
        }
    }

    private func connect() throws(KafkaError) -> KafkaProducer {
        if let producer { return producer }
        let made = try KafkaProducer(settings: settings, mode: .idempotent)
        producer = made
        return made
    }
}
