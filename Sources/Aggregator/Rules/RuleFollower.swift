import Logging
import Shared

/// Reads all of `alerts.rules`: once to its end before any state is restored, and on from there while the service runs.
///
/// A record that can't be used changes nothing: the rule it names stays as it was. Each good and each refused rule gets a
/// line in the log, up to a limit at a time. It belongs to the thread that made it.
final class RuleFollower {
    /// The rules in force.
    private(set) var rules = RuleSet()
    private let reader: KafkaReader
    private let plan: WindowPlan
    private let metrics: AggregatorMetrics
    private let logger: Logger
    /// By partition, the first record there was at the start.
    private(set) var starts: [Int32: Int64] = [:]
    /// Lines that the present call may still write.
    private var linesLeft = 0
    private var linesLeftOut = 0
    /// The most lines that one call writes about single rules.
    private static let maximumLines = 100

    /// Reads the topic to its end.
    /// - Throws: ``KafkaError``, also when the end doesn't come in time.
    init(
        settings: AggregatorSettings,
        metrics: AggregatorMetrics,
        logger: Logger,
        stop: StopSignal? = nil
    ) throws {
        plan = settings.plan
        self.metrics = metrics
        self.logger = logger
        reader = try KafkaReader(settings: settings.kafka, stop: stop)
        let topic = settings.kafka.name(.alertRules)
        let count = try reader.topics()[topic] ?? 0
        var ends: [TopicPartition: Int64] = [:]
        linesLeft = Self.maximumLines
        var refused = 0
        for number in 0..<Int32(count) {
            let partition = TopicPartition(topic: topic, partition: number)
            let start = try reader.watermarkOffsets(of: partition).lowerBound
            starts[number] = start
            ends[partition] = try reader.readToEnd(of: partition, from: start, timeout: .seconds(30)) { record in
                do throws(RuleFault) {
                    _ = try take(record)
                } catch {
                    refused += 1
                    refuse(error)
                }
            }
        }
        for rule in rules.all { say(rule) }
        sayLeftOut()
        logger.info("\(rules.count) alert rules are in force", metadata: ["refused_records": "\(refused)"])
        metrics.rules.set(rules.count)
        try reader.assign(ends)
    }

    /// By partition, the offset of the next record.
    var positions: [Int32: Int64] {
        Dictionary(uniqueKeysWithValues: reader.positions.map { ($0.key.partition, $0.value) })
    }

    /// What has come since the last call; doesn't wait.
    func poll() throws -> [RuleChange] {
        var changes: [RuleChange] = []
        linesLeft = Self.maximumLines
        try reader.poll(max: 10_000, timeout: .zero) { record in
            do throws(RuleFault) {
                guard let change = try take(record) else { return }
                changes.append(change)
                switch change {
                case .set(let rule): say(rule)
                case .remove(let ruleID): say("alert rule \(ruleID) is removed")
                }
            } catch {
                refuse(error)
            }
        }
        sayLeftOut()
        metrics.rules.set(rules.count)
        return changes
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
