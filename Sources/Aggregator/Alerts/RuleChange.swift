import Shared

/// What a record of `alerts.rules` does.
enum RuleChange {
    /// Adds or replaces a rule.
    case set(AlertRule)
    /// Removes a rule by its id.
    case remove(String)

    /// Reads a record.
    /// - Throws: ``RuleFault`` when it can't be used: then the rule it names stays as it was.
    init(key: UnsafeBufferPointer<UInt8>?, value: UnsafeBufferPointer<UInt8>?, plan: WindowPlan) throws(RuleFault) {
        guard let bytes = key, !bytes.isEmpty else {
            throw RuleFault(ruleID: "", reason: "the record has no key; it must be the rule's id")
        }
        let key = String(decoding: bytes, as: UTF8.self)
        guard let value, !value.isEmpty else {
            self = .remove(key)
            return
        }
        let rule: AlertRule
        do throws(JSONError) {
            rule = try AlertRule(json: value.span)
        } catch {
            throw RuleFault(ruleID: key, reason: error.description)
        }
        guard ByteSequence.equal(rule.ruleID.utf8.span, bytes.span) else {
            throw RuleFault(ruleID: key, reason: "the record's key is \(key), its rule_id is \(rule.ruleID)")
        }
        if let problem = AlertRuleProblem(rule, plan: plan) {
            throw RuleFault(ruleID: key, reason: problem.description)
        }
        self = .set(rule)
    }
}

/// Why a record of `alerts.rules` can't be used.
struct RuleFault: Error {
    /// The record's key.
    var ruleID: String
    /// What is wrong.
    var reason: String
}
