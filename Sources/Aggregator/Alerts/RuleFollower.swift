import Shared

/// Reads all of `alerts.rules`: once to its end before any state is restored, and on from there while the service runs.
///
/// A record that can't be used changes nothing: the rule it names stays as it was. It belongs to the thread that made it.
final class RuleFollower {
    /// What a record does.
    enum Change {
        /// Adds or replaces a rule.
        case set(AlertRule)
        /// Removes a rule by its id.
        case remove(String)
    }

    /// The rules in force, by id.
    private(set) var rules: [String: AlertRule] = [:]
    /// The records that can't be used.
    private(set) var faults: [RuleFault] = []
    private let reader: KafkaReader
    private let plan: WindowPlan

    /// Reads the topic to its end.
    /// - Throws: ``KafkaError``, also when the end doesn't come in time.
    init(settings: AggregatorSettings) throws {
        plan = settings.plan
        reader = try KafkaReader(settings: settings.kafka)
        let topic = settings.kafka.name(.alertRules)
        let count = try reader.topics()[topic] ?? 0
        var ends: [TopicPartition: Int64] = [:]
        for number in 0..<Int32(count) {
            let partition = TopicPartition(topic: topic, partition: number)
            ends[partition] = try reader.readToEnd(of: partition, timeout: .seconds(30)) { _ = take($0) }
        }
        try reader.assign(ends)
    }

    /// What has come since the last call; doesn't wait.
    func poll() throws -> [Change] {
        var changes: [Change] = []
        try reader.poll(max: 10_000, timeout: .zero) { record in
            if let change = take(record) { changes.append(change) }
        }
        return changes
    }

    private func take(_ record: KafkaRecord) -> Change? {
        guard let key = record.key.map({ String(decoding: $0, as: UTF8.self) }), !key.isEmpty else {
            fault(record, "the record has no key; it must be the rule's id")
            return nil
        }
        guard let value = record.value, !value.isEmpty else {
            rules[key] = nil
            return .remove(key)
        }
        let rule: AlertRule
        do throws(JSONError) {
            rule = try AlertRule(json: value.span)
        } catch {
            fault(record, error.description)
            return nil
        }
        guard rule.ruleID.hasSameBytes(as: key) else {
            fault(record, "the record's key is \(key), its rule_id is \(rule.ruleID)")
            return nil
        }
        if let problem = AlertRuleProblem(rule, plan: plan) {
            fault(record, problem.description)
            return nil
        }
        rules[key] = rule
        return .set(rule)
    }

    private func fault(_ record: KafkaRecord, _ reason: String) {
        faults.append(RuleFault(letter: DeadLetter(record, service: "aggregator", error: reason)))
    }
}
