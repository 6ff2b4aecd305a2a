import Shared

/// The alert rules in force, by id: as many as there is room for.
struct RuleSet: Sendable {
    /// The most rules there may be.
    static let limit = 1_000
    /// The most of them that may watch every coin: each of these takes memory for each coin.
    static let limitForEveryCoin = 50

    private var rules: [ByteText: AlertRule] = [:]
    private var forEveryCoin = 0

    /// The rules, in the order of their ids.
    var all: [AlertRule] {
        rules.sorted { $0.key < $1.key }.map(\.value)
    }

    /// How many there are.
    var count: Int { rules.count }

    /// What turns these rules into others: first what goes, then what comes or is another.
    func changes(to others: RuleSet) -> [RuleChange] {
        let gone = all.filter { others.rules[ByteText($0.ruleID)] == nil }
        let new = others.all.filter { rules[ByteText($0.ruleID)] != $0 }
        return gone.map { .remove($0.ruleID) } + new.map { .set($0) }
    }

    /// Makes a change.
    /// - Throws: ``RuleFault`` when there is no room for the rule: then the one with its id stays as it was.
    /// - Returns: whether anything has changed.
    mutating func make(_ change: RuleChange) throws(RuleFault) -> Bool {
        switch change {
        case .remove(let ruleID):
            guard let old = rules.removeValue(forKey: ByteText(ruleID)) else { return false }
            if old.coinID == "*" { forEveryCoin -= 1 }
        case .set(let rule):
            let id = ByteText(rule.ruleID)
            let old = rules[id]
            let everyCoin = forEveryCoin - (old?.coinID == "*" ? 1 : 0) + (rule.coinID == "*" ? 1 : 0)
            if old == nil, rules.count == Self.limit {
                throw RuleFault(ruleID: rule.ruleID, reason: "there are \(Self.limit) rules already, which is the most")
            }
            if everyCoin > max(forEveryCoin, Self.limitForEveryCoin) {
                let reason = "\(Self.limitForEveryCoin) rules watch every coin already, which is the most"
                throw RuleFault(ruleID: rule.ruleID, reason: reason)
            }
            forEveryCoin = everyCoin
            rules[id] = rule
        }
        return true
    }
}
