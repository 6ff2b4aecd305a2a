import Shared

/// Writes pieces of history and how far it is, each piece in one Kafka transaction: killed at any moment, either both are there
/// or neither.
///
/// A process that begins the same piece of history fences the one before it, whose open transaction ends with that.
final class BackfillSink {
    /// How long a step of a transaction may take.
    static let patience: Duration = .seconds(30)

    private let kafka: KafkaSettings
    private let producer: KafkaProducer
    private let raw: KafkaProducer.DestinationTopic
    private let state: KafkaProducer.DestinationTopic
    private let key: StateKey
    private var batch = TickBatch()

    /// Connects, and fences whoever wrote the same before.
    /// - Parameters:
    ///   - kafka: where `ingestor.state` is.
    ///   - name: of the piece of history.
    ///   - outputPrefix: put before `prices.raw`.
    /// - Throws: ``KafkaError`` when that can't be done.
    init(kafka: KafkaSettings, name: String, outputPrefix: String, stop: StopSignal) throws {
        self.kafka = kafka
        key = .backfill(name)
        producer = try KafkaProducer(
            settings: kafka,
            mode: .transactional(id: "\(kafka.topicPrefix)ingestor-backfill-\(name)"),
            stop: stop
        )
        try producer.initTransactions()
        raw = try producer.topic(Topic.raw.name(prefix: outputPrefix), schema: "price-tick/1")
        state = try producer.topic(kafka.name(.ingestorState), schema: "ingestor-state/1")
    }

    /// Writes a piece and the progress behind it.
    /// - Returns: ticks that nobody would take: without a usable id, for example.
    /// - Throws: ``KafkaError``; nothing of it is visible then, or all of it.
    func write(
        _ entries: ArraySlice<BackfillWindow.Entry>,
        of plan: BackfillPlan,
        progress: BackfillProgress,
        ingestedAt: EventTime
    ) throws -> Int {
        var refused = 0
        batch.reset()
        for entry in entries {
            let tick = entry.point.tick(of: plan.series[entry.series], ingestedAt: ingestedAt)
            if !batch.append(tick) { refused += 1 }
        }
        try producer.beginTransaction()
        do {
            try batch.bytes.withUnsafeBufferPointer { bytes throws(KafkaError) in
                for record in batch.records {
                    try producer.send(
                        to: raw,
                        key: UnsafeBufferPointer(rebasing: bytes[record.key]),
                        value: UnsafeBufferPointer(rebasing: bytes[record.value])
                    )
                }
            }
            try producer.send(to: state, key: key.text, value: progress.bytes)
            try producer.commitTransaction(timeout: Self.patience)
        } catch {
            try? producer.abortTransaction(timeout: .seconds(5))
            throw error
        }
        return refused
    }
}
