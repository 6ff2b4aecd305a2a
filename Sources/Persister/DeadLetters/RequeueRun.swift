import Shared

/// Puts dead letters back: each record into its topic and the mark beside its dead letters, in one Kafka transaction, so
/// that killed at any moment both are there or neither.
///
/// Of two that run at once the later one fences the other: it reads the marks only when the other's transactions have all
/// been decided, and that one can decide no more.
struct RequeueRun {
    /// The transactional id of all of them, behind `KAFKA_TOPIC_PREFIX`.
    static let transactionalID = "persister-dead-letters"

    /// Which dead letters are meant.
    enum Selection: Sendable {
        /// Those that pass.
        case filter(DeadLetterFilter)
        /// These.
        case places(Set<DeadLetterPlace>)
    }

    /// What came of it.
    struct Result: Sendable {
        /// Records that are in their topics again.
        var records = 0
        /// The dead letters that they answer.
        var letters = 0
        /// Dead letters that were answered before.
        var before = 0
        /// Dead letters that can't be put back, by the reason.
        var refused: [RequeueRules.Obstacle: Int] = [:]
        /// Dead letters that are meant and were left for another time.
        var left = 0
        /// Of those that were named, the ones that are not there.
        var missing: Set<DeadLetterPlace> = []
    }

    private let kafka: KafkaSettings
    private let selection: Selection
    private let isDry: Bool
    private let rules: RequeueRules
    private let stop: StopSignal
    private let began = ContinuousClock.now
    private var meter: ProgressMeter
    /// How many more records may be put back.
    private var room: Int
    private let report: (StoredDeadLetter, RequeueRules.Decision) -> Void
    private var batch = RequeueBatch()
    /// What has come of it so far: it holds after an error, too.
    private(set) var result = Result()

    /// Nothing is connected yet.
    /// - Parameters:
    ///   - isDry: only looks.
    ///   - limit: puts back so many records at most.
    ///   - report: gets each dead letter that is meant, and what is done with it.
    init(
        kafka: KafkaSettings,
        selection: Selection,
        isDry: Bool,
        limit: Int,
        meter: ProgressMeter,
        stop: StopSignal,
        report: @escaping (StoredDeadLetter, RequeueRules.Decision) -> Void
    ) {
        self.kafka = kafka
        self.selection = selection
        self.isDry = isDry
        self.meter = meter
        self.stop = stop
        self.report = report
        room = limit
        if case .places(let places) = selection {
            rules = RequeueRules(prefix: kafka.topicPrefix, takesRules: true)
            result.missing = places
        } else {
            rules = RequeueRules(prefix: kafka.topicPrefix, takesRules: false)
        }
    }

    /// Puts back what is meant and hasn't been put back yet.
    /// - Throws: ``KafkaError``, ``MissingTopics``, ``PutBack/TooMany``. What was put back stays so; the next run goes on.
    mutating func run() throws {
        // Without the topic nobody needs to be fenced.
        try KafkaTopics.check([kafka.name(.deadLetter)], settings: kafka, stop: stop)
        // Before the marks are read, or two could put the same one back.
        var writer = isDry ? nil : try RequeueWriter(kafka: kafka, stop: stop)
        let reader = try DeadLetterReader(settings: kafka, stop: stop)
        defer { meter.end() }
        meter.begin(at: began.duration(to: .now), done: 0)
        var done: Int64 = 0
        for partition in reader.partitions {
            let range = range(in: partition)
            if !range.isEmpty {
                try run(partition, range, reader, done: done, &writer)
            }
            done += Int64(reader.ranges[Int(partition)].count)
        }
    }

    private mutating func run(
        _ partition: Int32,
        _ range: Range<Int64>,
        _ reader: DeadLetterReader,
        done: Int64,
        _ writer: inout RequeueWriter?
    ) throws {
        var putBack = try reader.marks(in: partition)
        try reader.letters(in: partition, from: range.lowerBound, to: range.upperBound) { letter in
            let read = done + letter.place.offset - reader.ranges[Int(partition)].lowerBound
            meter.show(
                Double(read) / Double(max(1, reader.total)),
                "\(result.records) records put back",
                at: began.duration(to: .now)
            )
            guard isMeant(letter) else { return }
            let decision = rules.decide(letter, putBack)
            switch decision {
            case .putBack:
                guard let refusal = letter.refusal else { return }
                if batch.isFull { try write(&writer, partition, &putBack) }
                // Its record may have gone with that.
                if putBack.contains(refusal) { return result.before += 1 }
                if batch.join(letter, refusal) { break }
                guard room > batch.records.count else { return result.left += 1 }
                batch.add(letter, refusal)
            case .isPutBack: result.before += 1
            case .refused(let obstacle): result.refused[obstacle, default: 0] += 1
            }
            report(letter, decision)
        }
        try write(&writer, partition, &putBack)
    }

    /// Writes what is in hand.
    private mutating func write(_ writer: inout RequeueWriter?, _ partition: Int32, _ putBack: inout PutBack) throws {
        if batch.records.isEmpty { return }
        try writer?.write(batch.records, partition: partition)
        for record in batch.records {
            try putBack.add(record.mark)
            result.letters += record.letters
        }
        result.records += batch.records.count
        room -= batch.records.count
        batch.removeAll()
    }

    private mutating func isMeant(_ letter: StoredDeadLetter) -> Bool {
        switch selection {
        case .filter(let filter): filter.takes(letter)
        case .places: result.missing.remove(letter.place) != nil
        }
    }

    /// The offsets that are looked at.
    private func range(in partition: Int32) -> Range<Int64> {
        guard case .places(let places) = selection else { return 0..<Int64.max }
        let offsets = places.lazy.filter { $0.partition == partition }.map(\.offset)
        guard let first = offsets.min(), let last = offsets.max() else { return 0..<0 }
        return first..<(last + 1)
    }
}
