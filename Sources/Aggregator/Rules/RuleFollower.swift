import Logging
import Shared

/// Reads all of `alerts.rules`: once to its end before any state is restored, and on from there while the service runs.
///
/// A record that can't be used changes nothing: the rule it names stays as it was. Each good and each refused rule gets a
/// line in the log, up to a limit at a time. When the topic is deleted and made anew meanwhile, all of the new one is read,
/// and only its rules stay: its position tells, unless the new topic has as many records at once. It belongs to the thread that made it.
final class RuleFollower {
    /// The rules in force.
    private(set) var rules = RuleSet()
    private let reader: KafkaReader
    private let topic: String
    private let plan: WindowPlan
    private let metrics: AggregatorMetrics
    private let logger: Logger
    /// By partition, the first record there was at the start.
    private(set) var starts: [Int32: Int64] = [:]
    /// Whether the topic is another than the one that was read.
    private var isMadeAnew = false
    /// Lines that the present call may still write.
    private var linesLeft = 0
    private var linesLeftOut = 0
    /// The most lines that one call writes about single rules.
    private static let maximumLines = 100
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
        reader = try KafkaReader(settings: settings.kafka, stop: stop, heartbeat: heartbeat)
        linesLeft = Self.maximumLines
        let refused = try readAll(within: Self.startTime)
        for rule in rules.all { say(rule) }
        sayLeftOut()
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
        guard let count = try reader.topics(timeout: time)[topic] else { throw MissingTopic(name: topic) }
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
        linesLeft = Self.maximumLines
        defer {
            sayLeftOut()
            metrics.rules.set(rules.count)
        }
        if !isMadeAnew {
            var changes: [RuleChange] = []
            do {
                try reader.poll(max: 10_000, timeout: .zero) { record in
                    do throws(RuleFault) {
                        guard let change = try take(record) else { return }
                        changes.append(change)
                        say(change)
                    } catch {
                        refuse(error)
                    }
                }
                return changes
            } catch let error as KafkaError where error.isOffsetOutOfRange {
                logger.warning("\(topic) was made anew, all of it is read: \(error)")
                isMadeAnew = true
                return changes
            }
        }
        let before = rules
        do {
            _ = try readAll(within: Self.renewalTime)
        } catch {
            // The rules stay what they were until the topic can be read.
            if error is MissingTopic || Self.mayPass(error) { return [] }
            throw error
        }
        isMadeAnew = false
        let changes = before.changes(to: rules)
        for change in changes { say(change) }
        return changes
    }

    private static func mayPass(_ error: any Error) -> Bool {
        (error as? KafkaError).map { $0.disposition == .retry || $0.isOffsetOutOfRange } ?? false
    }

    /// Whether a position lies behind the end of a partition: then it comes from before the topic was made anew.
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
        guard linesLeft > 0 else {
            linesLeftOut += 1
            return
        }
        linesLeft -= 1
        let reason = fault.reason.cut(to: RecordLimit.error)
        logger.warning("alert rule \(fault.ruleID.cut(to: RecordLimit.ruleID)) is refused: \(reason)")
    }

    private func say(_ change: RuleChange) {
        switch change {
        case .set(let rule): say(rule)
        case .remove(let ruleID): say("alert rule \(ruleID) is removed")
        }
    }

    private func say(_ rule: AlertRule) {
        let coin = rule.coinID == "*" ? "every coin" : rule.coinID
        let window = rule.kind == .changePct ? rule.windowMicroseconds : nil
        let over = window.map { " over \(TextDuration.text(microseconds: $0))" } ?? ""
        let state = rule.enabled ? "in force" : "switched off"
        let condition = "\(coin) in \(rule.vsCurrency) \(rule.kind.rawValue) \(rule.threshold)\(over)"
        say("alert rule \(rule.ruleID) is \(state): \(condition)")
    }

    private func say(_ line: String) {
        guard linesLeft > 0 else {
            linesLeftOut += 1
            return
        }
        linesLeft -= 1
        logger.info("\(line)")
    }

    private func sayLeftOut() {
        if linesLeftOut > 0 { logger.info("\(linesLeftOut) more lines about alert rules are left out") }
        linesLeftOut = 0
    }
}

/// `alerts.rules` isn't there.
private struct MissingTopic: ClassifiedError {
    let name: String

    /// It was there when the service started.
    var disposition: Disposition { .retry }

    /// One line.
    var description: String {
        "there is no topic \(name)"
    }
}
