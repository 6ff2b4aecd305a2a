import Shared

/// Reads the records of `alerts.rules` once more to report those that can't be used: from where that was done last, which
/// is stored with the position of the task that does it. So nothing has to be kept in memory until it is reported.
///
/// It belongs to the thread that made it.
final class RuleFaultReader {
    private let settings: AggregatorSettings
    private let topic: String
    /// Made with the first record that has to be looked at.
    private var reader: KafkaReader?
    /// A turn looks at no more records than that.
    private static let batch = 2_000

    /// Nothing is connected yet.
    init(settings: AggregatorSettings) {
        self.settings = settings
        topic = settings.kafka.name(.alertRules)
    }

    /// Looks at the next records; doesn't wait.
    /// - Parameters:
    ///   - positions: by partition of the rules, the first record that nobody has looked at.
    ///   - body: gets for each record its partition, the offset after it, and a dead letter if it can't be used.
    func read(from positions: [Int32: Int64], _ body: (Int32, Int64, DeadLetter?) throws -> Void) throws {
        guard !positions.isEmpty else { return }
        let reader = try self.reader ?? KafkaReader(settings: settings.kafka)
        self.reader = reader
        var wanted: [TopicPartition: Int64] = [:]
        for (partition, offset) in positions { wanted[TopicPartition(topic: topic, partition: partition)] = offset }
        if reader.positions != wanted { try reader.assign(wanted) }
        do {
            try reader.poll(max: Self.batch, timeout: .zero) { record in
                try body(record.partition, record.offset + 1, Self.deadLetter(of: record, plan: settings.plan))
            }
        } catch let error as KafkaError where error.isOffsetOutOfRange {
            // The broker has deleted records that nobody has looked at: there is nothing to report any more.
            for partition in wanted.keys {
                let start = try reader.watermarkOffsets(of: partition).lowerBound
                if start > wanted[partition] ?? 0 { try body(partition.partition, start, nil) }
            }
        }
    }

    private static func deadLetter(of record: KafkaRecord, plan: WindowPlan) -> DeadLetter? {
        do throws(RuleFault) {
            _ = try RuleChange(key: record.key, value: record.value, plan: plan)
            return nil
        } catch {
            return DeadLetter(record, service: "aggregator", error: error.reason)
        }
    }
}
