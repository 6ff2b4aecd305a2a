import Logging
import Shared

/// Reads all of `alerts.rules`: once to its end before any state is restored, and on from there while the service runs.
///
/// A record that can't be used changes nothing: the rule it names stays as it was. When the topic is deleted and created
/// anew meanwhile, all of the new one is read, and only its rules stay: the position tells, unless the new topic has as many
/// records at once. It belongs to the thread that made it.
final class RuleFollower {
    /// The rules in force.
    private(set) var rules = RuleSet()
    private let reader: KafkaReader
    private let topic: String
    private let plan: WindowPlan
    private let metrics: AggregatorMetrics
    private let logger: Logger
    private var log: RuleLog
    private let settings: KafkaSettings
    /// By partition, the first record there was at the start.
    private(set) var starts: [Int32: Int64] = [:]
    /// Whether the topic is another than the one that was read.
    private var isMadeAnew = false
    /// How long reading the topic may take at the start, and how long while the service runs.
    private static let startTime = Duration.seconds(30)
    private static let renewalTime = Duration.seconds(2)

    /// Reads the topic to its end.
    /// - Throws: ``KafkaError``, also when the end doesn't come in time.
    init(
        settings: AggregatorSettings,
        metrics: AggregatorMetrics,
        logger: Logger,
        stop: StopSignal? = nil,
        heartbeat: Heartbeat? = nil
    ) throws {
        plan = settings.plan
        topic = settings.kafka.name(.alertRules)
        self.metrics = metrics
        self.logger = logger
        log = RuleLog(logger)
        self.settings = settings.kafka
        reader = try KafkaReader(settings: settings.kafka, stop: stop, heartbeat: heartbeat)
        let refused = try readAll(within: Self.startTime)
        for rule in rules.all { log.isInForce(rule) }
        log.endCall()
        logger.info("\(rules.count) alert rules are in force", metadata: ["refused_records": "\(refused)"])
        metrics.rules.set(rules.count)
    }

    /// Replaces the rules by what all of the topic says, and goes on from its end.
    /// - Returns: how many records could not be used.
    private func readAll(within time: Duration) throws -> Int {
        let deadline = ContinuousClock.now.advanced(by: time)
        var found = RuleSet()
        var (starts, ends): ([Int32: Int64], [TopicPartition: Int64]) = ([:], [:])
        var refused = 0
        // Made anew, the topic may not be there yet.
        guard let count = try reader.topics(timeout: time)[topic] else {
            throw MissingTopics(topics: [topic], bootstrapServers: settings.bootstrapServers)
        }
        for number in 0..<Int32(count) {
            let partition = TopicPartition(topic: topic, partition: number)
            let left = { max(.milliseconds(1), ContinuousClock.now.duration(to: deadline)) }
            let start = try reader.watermarkOffsets(of: partition, timeout: left()).lowerBound
            starts[number] = start
            ends[partition] = try reader.readToEnd(of: partition, from: start, timeout: left()) { record in
                do throws(RuleFault) {
                    _ = try found.make(RuleChange(key: record.key, value: record.value, plan: plan))
                } catch {
                    refused += 1
                    refuse(error)
                }
            }
        }
        try reader.assign(ends)
        rules = found
        self.starts = starts
        return refused
    }

    /// By partition, the offset of the next record.
    var positions: [Int32: Int64] {
        Dictionary(uniqueKeysWithValues: reader.positions.map { ($0.key.partition, $0.value) })
    }

    /// What has come since the last call; doesn't wait, unless the topic has to be read anew.
    func poll() throws -> [RuleChange] {
        defer {
            log.endCall()
            metrics.rules.set(rules.count)
        }
        if !isMadeAnew {
            var changes: [RuleChange] = []
            do {
                try reader.poll(max: 10_000, timeout: .zero) { record in
                    do throws(RuleFault) {
                        guard let change = try take(record) else { return }
                        changes.append(change)
                        log.hasChanged(change)
                    } catch {
                        refuse(error)
                    }
                }
                return changes
            } catch let error as KafkaError where error.isOffsetOutOfRange {
                logger.warning("\(topic) was deleted and created again, and is read from its start: \(error)")
                isMadeAnew = true
                return changes
            }
        }
        let before = rules
        do {
            _ = try readAll(within: Self.renewalTime)
        } catch {
            // The rules stay what they were until the topic can be read.
            if error is MissingTopics || Self.mayPass(error) { return [] }
            throw error
        }
        isMadeAnew = false
        let changes = before.changes(to: rules)
        for change in changes { log.hasChanged(change) }
        return changes
    }

    private static func mayPass(_ error: any Error) -> Bool {
        (error as? KafkaError).map { $0.disposition == .retry || $0.isOffsetOutOfRange } ?? false
    }

    /// Whether a position lies behind the end of a partition: then it comes from before the topic was created again.
    func isBehindEnd(_ position: Int64, of partition: Int32) -> Bool {
        let partition = TopicPartition(topic: topic, partition: partition)
        let available = try? reader.watermarkOffsets(of: partition, timeout: Self.renewalTime)
        return available.map { position > $0.upperBound } ?? false
    }

    /// Takes a record.
    /// - Returns: what it changed, if anything.
    private func take(_ record: KafkaRecord) throws(RuleFault) -> RuleChange? {
        let change = try RuleChange(key: record.key, value: record.value, plan: plan)
        return try rules.make(change) ? change : nil
    }

    private func refuse(_ fault: RuleFault) {
        metrics.refusedRules.increment()
        log.isRefused(fault)
    }
}
