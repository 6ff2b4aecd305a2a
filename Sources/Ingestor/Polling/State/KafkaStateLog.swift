import Shared

/// `ingestor.state` on the brokers. It belongs to the thread that made it.
///
/// It reads what isn't committed too: a backfill's open transaction must not hold back whoever counts calls. What a backfill
/// itself needs, it reads with ``committed(_:kafka:heartbeat:)``.
final class KafkaStateLog: StateLog {
    /// How long a record of ours may take to be acknowledged and read back.
    static let patience: Duration = .seconds(3)

    /// A record of ours that is on its way.
    private struct Awaited {
        let key: [UInt8]
        let value: [UInt8]?
        /// Whether it counts, as soon as it was read.
        var counts: Bool?
    }

    private(set) var table = StateTable()
    private let producer: KafkaProducer
    private let topic: KafkaProducer.DestinationTopic
    private let reader: KafkaReader
    private let heartbeat: Heartbeat
    private let stop: StopSignal
    private var awaited: Awaited?

    /// Reads the topic to its end.
    /// - Parameters:
    ///   - partitions: how many it has.
    ///   - heartbeat: gets a beat while it waits.
    /// - Throws: ``KafkaError`` when a partition can't be read to its end.
    init(kafka: KafkaSettings, partitions: Int, heartbeat: Heartbeat, stop: StopSignal) throws {
        self.heartbeat = heartbeat
        self.stop = stop
        let name = kafka.name(.ingestorState)
        producer = try KafkaProducer(
            settings: kafka,
            mode: .idempotent,
            // A call that waits for its place in the log waits for each of these milliseconds.
            properties: ["linger.ms": "0"],
            stop: stop
        )
        topic = try producer.topic(name, schema: "ingestor-state/1")
        reader = try KafkaReader(settings: kafka, readCommitted: false, stop: stop, heartbeat: heartbeat)
        var table = StateTable()
        var ends: [TopicPartition: Int64] = [:]
        for number in 0..<partitions {
            let partition = TopicPartition(topic: name, partition: Int32(number))
            ends[partition] = try reader.readToEnd(of: partition, timeout: .seconds(60)) { record in
                table.apply(key: record.key, value: record.value)
            }
        }
        self.table = table
        try reader.assign(ends)
    }

    /// What the topic says without records of transactions that were aborted.
    /// - Throws: ``KafkaError`` when a partition can't be read to its end.
    static func committed(kafka: KafkaSettings, partitions: Int, heartbeat: Heartbeat) throws -> StateTable {
        let reader = try KafkaReader(settings: kafka, heartbeat: heartbeat)
        var table = StateTable()
        for number in 0..<partitions {
            let partition = TopicPartition(topic: kafka.name(.ingestorState), partition: Int32(number))
            try reader.readToEnd(of: partition, timeout: .seconds(60)) { record in
                table.apply(key: record.key, value: record.value)
            }
        }
        return table
    }

    func catchUp() throws {
        while try take(waiting: .zero) > 0 {}
    }

    func write(_ record: StateRecord) throws {
        try producer.send(to: topic, key: record.key.text, value: record.value)
        producer.serve()
    }

    func append(_ record: StateRecord) throws -> Bool {
        awaited = Awaited(key: Array(record.key.text.utf8), value: record.value)
        defer { awaited = nil }
        try write(record)
        let deadline = ContinuousClock.now.advanced(by: Self.patience)
        while true {
            heartbeat.beat()
            try take(waiting: .milliseconds(50))
            producer.serve()
            if let counts = awaited?.counts { return counts }
            if stop.isRequested || .now >= deadline { throw StateUnavailable() }
        }
    }

    /// Waits until all is acknowledged that was written.
    /// - Throws: ``KafkaError`` when it takes longer.
    func flush(timeout: Duration) throws {
        try producer.flush(timeout: timeout)
    }

    @discardableResult
    private func take(waiting: Duration) throws -> Int {
        try reader.poll(max: 10_000, timeout: waiting) { record in
            let counts = table.apply(key: record.key, value: record.value)
            guard let awaited, awaited.counts == nil, record.key?.elementsEqual(awaited.key) == true else { return }
            if let value = record.value, let expected = awaited.value, value.elementsEqual(expected) {
                self.awaited?.counts = counts
            }
        }
    }
}
