/// Writes records that a service can't use to `prices.dead-letter`. Each is one line of work for a person, so it is never
/// dropped.
public final class DeadLetterQueue {
    private let service: String
    private let settings: KafkaSettings
    private let stop: StopSignal?
    /// Made with the first dead letter: most services never need one.
    private var open: (producer: KafkaProducer, topic: KafkaProducer.DestinationTopic)?

    /// Makes the queue; nothing is connected yet.
    /// - Parameters:
    ///   - service: who could not use the records: the header `service`.
    ///   - stop: ends the waits for a broker early.
    public init(service: String, settings: KafkaSettings, stop: StopSignal? = nil) {
        self.stop = stop
        self.service = service
        self.settings = settings
    }

    /// Hands a record over; its offset may be committed after the next ``flush(timeout:)``.
    public func send(_ record: KafkaRecord, error: String) throws(KafkaError) {
        let (producer, topic) = try connect()
        try producer.send(DeadLetter(record, service: service, error: error), to: topic)
    }

    /// Waits until every dead letter is acknowledged.
    public func flush(timeout: Duration = .seconds(30)) throws(KafkaError) {
        guard let open, open.producer.outstanding > 0 else {
            try open?.producer.throwDeliveryFailure()
            return
        }
        try open.producer.flush(timeout: timeout)
    }

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
