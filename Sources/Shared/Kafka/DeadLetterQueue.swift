/// Writes records that a service can't use to `prices.dead-letter`. Each is one line of work for a person, so it is never
/// dropped; it may arrive twice, where what comes after its acknowledgement fails.
///
/// It belongs to one thread. The Aggregator has none: its dead letters are in its transactions.
public final class DeadLetterQueue: DeadLetterSink {
    private let settings: KafkaSettings
    private let stop: StopSignal?
    /// Made with the first dead letter: most services never need one.
    private var open: (producer: KafkaProducer, topic: KafkaProducer.DestinationTopic)?

    /// Makes the queue; nothing is connected yet.
    /// - Parameter stop: ends the waits for a broker early.
    public init(settings: KafkaSettings, stop: StopSignal? = nil) {
        self.stop = stop
        self.settings = settings
    }

    /// Hands a dead letter over; what depends on it (a commit) may be done after the next ``flush(timeout:)``.
    public func send(_ letter: DeadLetter) throws(KafkaError) {
        let (producer, topic) = try connect()
        try producer.send(letter, to: topic, patience: Self.patience)
    }

    /// Waits until every dead letter is acknowledged.
    public func flush(timeout: Duration = DeadLetterQueue.patience) throws(KafkaError) {
        guard let open, open.producer.outstanding > 0 else {
            try open?.producer.throwDeliveryFailure()
            return
        }
        try open.producer.flush(timeout: timeout)
    }

    /// Lets go of the connection, which may be half dead after an error; the next dead letter makes another.
    public func reset() {
        open = nil
    }

    /// How long the broker may take to have room for one, and to acknowledge all: the group counts on a poll meanwhile, and
    /// the process on a sign of life.
    public static let patience = Duration.seconds(20)

    /// A flood of them must wait for the broker, not fill the memory: librdkafka's own limit is 1 GB.
    private static let properties = ["queue.buffering.max.kbytes": "16384"]

    private func connect() throws(KafkaError) -> (KafkaProducer, KafkaProducer.DestinationTopic) {
        if let open { return open }
        let producer = try KafkaProducer(
            settings: settings,
            mode: .idempotent,
            properties: Self.properties,
            stop: stop
        )
        let topic = try producer.topic(settings.name(.deadLetter))
        open = (producer, topic)
        return (producer, topic)
    }
}
