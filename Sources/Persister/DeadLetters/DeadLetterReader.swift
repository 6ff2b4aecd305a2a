import Shared

/// Reads `prices.dead-letter` as far as it reached at the start, partition by partition.
///
/// It belongs to the thread that made it.
struct DeadLetterReader {
    /// How long to wait for another record: an open transaction below the end may last as long as a broker allows.
    private static let patience = Duration.seconds(60)

    /// The topic's full name.
    let topic: String
    /// What each partition held at the start.
    let ranges: [Range<Int64>]
    private let reader: KafkaReader

    /// Connects, and asks for the ends.
    /// - Throws: ``MissingTopics``, ``KafkaError``.
    init(settings: KafkaSettings, stop: StopSignal) throws {
        topic = settings.name(.deadLetter)
        let count = try KafkaTopics.check([topic], settings: settings, stop: stop)[topic] ?? 0
        // What lies behind an open transaction is not yet to be read, and a mark may stand there: so the end is that of all
        // that was written, and the reader waits for the transactions before it.
        let all = try KafkaReader(settings: settings, readCommitted: false, stop: stop)
        var ranges: [Range<Int64>] = []
        for number in 0..<Int32(clamping: count) {
            ranges.append(try all.watermarkOffsets(of: TopicPartition(topic: topic, partition: number)))
        }
        self.ranges = ranges
        reader = try KafkaReader(settings: settings, stop: stop)
    }

    /// The partitions' numbers.
    var partitions: Range<Int32> { 0..<Int32(clamping: ranges.count) }

    /// How many records there can be.
    var total: Int64 { ranges.reduce(0) { $0 + ($1.upperBound - $1.lowerBound) } }

    /// What the marks of a partition say.
    /// - Parameter body: gets each mark with its place and time.
    func marks(
        in partition: Int32,
        _ body: (RequeueMark, DeadLetterPlace, EventTime?) throws -> Void = { _, _, _ in }
    ) throws -> PutBack {
        var putBack = PutBack()
        try read(partition, from: 0) { record in
            guard let mark = RequeueMark(record) else { return }
            try putBack.add(mark)
            try body(mark, DeadLetterPlace(partition: partition, offset: record.offset), record.time)
        }
        return putBack
    }

    /// Hands the dead letters of a partition out, in their order.
    /// - Parameters:
    ///   - start: the first offset.
    ///   - end: the offset to stop before; that of the start without it.
    func letters(
        in partition: Int32,
        from start: Int64 = 0,
        to end: Int64 = .max,
        _ body: (StoredDeadLetter) throws -> Void
    ) throws {
        try read(partition, from: start, to: end) { record in
            if RequeueMark(record) == nil { try body(StoredDeadLetter(record)) }
        }
    }

    private func read(
        _ partition: Int32,
        from start: Int64,
        to end: Int64 = .max,
        _ body: (KafkaRecord) throws -> Void
    ) throws {
        let place = TopicPartition(topic: topic, partition: partition)
        // Old ones may have been deleted since the start.
        let first = try max(start, reader.watermarkOffsets(of: place).lowerBound)
        let behind = min(end, ranges[Int(partition)].upperBound)
        if first < behind { try reader.read(place, first..<behind, patience: Self.patience, body) }
    }
}
