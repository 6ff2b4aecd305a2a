import Logging
import Shared

/// Computes history again, with the code of the service, into topics of its own.
///
/// The records' own times are its clock, both for the guard against the future and for partitions that were quiet: so
/// the same input always gives the same bytes, whenever and on whatever machine it runs. Windows that are still open at
/// the end are flushed and marked partial.
struct Reprocessing {
    private let settings: AggregatorSettings
    private let range: ReprocessingRange
    private let metrics: AggregatorMetrics
    /// Records of input in one transaction; what they changed of the state is forgotten with it.
    var batch = 50_000
    private static let timeout = Duration.seconds(60)
    private static let longest = Duration.seconds(7 * 86_400)

    /// The first record behind the range has come.
    private struct ReachedEnd: Error {}

    /// What it did.
    struct Summary: Sendable, Hashable {
        /// Records read.
        var records = 0
        /// Partitions read.
        var partitions = 0
    }

    /// One that has not begun.
    init(settings: AggregatorSettings, range: ReprocessingRange, metrics: AggregatorMetrics? = nil) {
        self.settings = settings
        self.range = range
        self.metrics = metrics ?? AggregatorMetrics(plan: settings.plan)
    }

    /// Runs from the first record to the last.
    /// - Throws: ``ReprocessingError``, ``KafkaError``.
    func run() throws -> Summary {
        guard range.outputPrefix != settings.kafka.topicPrefix else {
            throw ReprocessingError.samePrefix(range.outputPrefix)
        }
        let input = settings.kafka.name(.raw)
        let count =
            try KafkaTopics.check([input, settings.kafka.name(.alertRules)], settings: settings.kafka)[input] ?? 0
        var output = settings.kafka
        output.topicPrefix = range.outputPrefix
        let reader = try KafkaReader(settings: settings.kafka)
        try prepareTopics(output, partitions: count, reader: reader)
        let rules = try RuleFollower(settings: settings, metrics: metrics, logger: Logger(label: "replay")).rules.all
        let session = try TransactionSession(kafka: output, id: output.topicPrefix + "replay", limit: Self.timeout)
        var summary = Summary()
        for number in 0..<Int32(count) {
            let partition = TopicPartition(topic: input, partition: number)
            let offsets = try bounds(of: partition, reader: reader)
            summary.records += try replay(partition, of: count, offsets, rules: rules, reader: reader, session: session)
            summary.partitions += 1
        }
        return summary
    }

    private func replay(
        _ partition: TopicPartition,
        of partitionCount: Int,
        _ offsets: Range<Int64>,
        rules: [AlertRule],
        reader: KafkaReader,
        session: TransactionSession
    ) throws -> Int {
        guard !offsets.isEmpty else { return 0 }
        let memory = CoinMemory(limit: settings.coinMemory / max(1, partitionCount))
        let task = PartitionTask(
            Partition(plan: settings.plan, memory: memory, rules: rules),
            number: partition.partition,
            of: partitionCount,
            sink: session,
            metrics: metrics
        )
        var clock = ClockReading(wall: .earliest, monotonic: 0)
        var records = 0
        func commit() throws {
            task.discardState()
            try session.commit(timeout: Self.timeout)
        }
        do {
            try reader.readToEnd(of: partition, from: offsets.lowerBound, timeout: Self.longest) { record in
                guard record.offset < offsets.upperBound else { throw ReachedEnd() }
                // A producer may write anything for a record's time.
                let time = record.timestampMilliseconds.flatMap { EventTime(unixMilliseconds: $0) }
                if let time, time.microseconds > clock.monotonic {
                    clock = ClockReading(wall: time, monotonic: time.microseconds)
                    while settings.followsClock, try !task.advance(to: clock) { try commit() }
                }
                while try !task.take(record, clock: clock) { try commit() }
                records += 1
                if records % batch == 0 || session.isFull { try commit() }
            }
        } catch is ReachedEnd {
            // More has been written since the replay began, or it ends before the latest record.
        }
        while try !task.flush() { try commit() }
        task.publishCounts()
        try commit()
        return records
    }

    private func bounds(of partition: TopicPartition, reader: KafkaReader) throws -> Range<Int64> {
        let all = try reader.watermarkOffsets(of: partition)
        func offset(_ bound: ReprocessingBound) throws -> Int64 {
            switch bound {
            case .earliest: all.lowerBound
            case .latest: all.upperBound
            case .time(let time):
                try reader.offsets(of: [partition], at: time.milliseconds)[partition] ?? all.upperBound
            }
        }
        let from = try offset(range.from)
        return from..<max(from, try offset(range.until))
    }

    /// Makes sure that the topics exist and are empty: output on top of other output would be neither.
    private func prepareTopics(_ output: KafkaSettings, partitions: Int, reader: KafkaReader) throws {
        let existing = try reader.topics()
        let missing = ResultWriter.outputs.filter { existing[output.name($0)] == nil }
        if !missing.isEmpty {
            let new = missing.map { NewTopic($0, prefix: output.topicPrefix, partitions: partitions) }
            try KafkaTopics.create(new, settings: output)
        }
        for topic in ResultWriter.outputs {
            let name = output.name(topic)
            for number in 0..<Int32(existing[name] ?? 0) {
                let held = try reader.watermarkOffsets(of: TopicPartition(topic: name, partition: number))
                guard held.isEmpty else { throw ReprocessingError.notEmpty(name) }
            }
        }
    }
}

/// Why a replay can't be run.
enum ReprocessingError: Error, CustomStringConvertible {
    /// It would write into the topics of the service.
    case samePrefix(String)
    /// A topic of the output holds records.
    case notEmpty(String)

    /// One sentence that says what to do.
    var description: String {
        switch self {
        case .samePrefix(let prefix):
            "--output-prefix \"\(prefix)\" is KAFKA_TOPIC_PREFIX: a replay would write into the service's own topics"
        case .notEmpty(let topic): "\(topic) holds records; choose another --output-prefix, or delete the topic"
        }
    }
}
