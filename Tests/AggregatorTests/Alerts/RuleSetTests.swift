import Shared
import Testing

@testable import Aggregator

/// How many rules there may be, as a table.
@Suite("Rule set") struct RuleSetTests {
    private func rule(_ id: String, coin: String = "bitcoin") -> AlertRule {
        AlertRule(ruleID: id, coinID: coin, vsCurrency: "usd", kind: .above, threshold: Price(1))
    }

    @Test("Rules beyond the limit are refused, until others have gone")
    func limit() throws {
        var rules = RuleSet()
        for number in 0..<RuleSet.limit { _ = try rules.make(.set(rule("\(number)"))) }
        #expect(throws: RuleFault.self) { try rules.make(.set(rule("one more"))) }
        _ = try rules.make(.set(rule("7", coin: "litecoin")))  // one that is there may be replaced
        _ = try rules.make(.remove("7"))
        _ = try rules.make(.set(rule("one more")))
        #expect(rules.count == RuleSet.limit)
    }

    @Test("Rules for every coin have a limit of their own")
    func limitForEveryCoin() throws {
        var rules = RuleSet()
        for number in 0..<RuleSet.limitForEveryCoin { _ = try rules.make(.set(rule("\(number)", coin: "*"))) }
        #expect(throws: RuleFault.self) { try rules.make(.set(rule("one more", coin: "*"))) }
        _ = try rules.make(.set(rule("one more")))
        #expect(throws: RuleFault.self) { try rules.make(.set(rule("one more", coin: "*"))) }
        _ = try rules.make(.set(rule("0")))
        _ = try rules.make(.set(rule("one more", coin: "*")))
    }

    @Test("Two spellings of one letter are two rules")
    func spelling() throws {
        var rules = RuleSet()
        _ = try rules.make(.set(rule("\u{E9}")))
        _ = try rules.make(.set(rule("e\u{301}")))
        #expect(rules.count == 2)
        let isChanged = try rules.make(.remove("e"))
        #expect(!isChanged)
    }
}
