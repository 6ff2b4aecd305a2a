import Shared
import Testing

@testable import Aggregator

@Suite("When a transaction has collected enough") struct TransactionLimitsTests {
    private let limits = TransactionLimits(interval: .milliseconds(100), records: 1_000)

    /// A transaction in the middle, and what comes of it.
    struct Case: Sendable, CustomTestStringConvertible {
        let milliseconds: Int
        var count = 1
        var hasNews = false
        var isBehind = false
        let goesOn: Bool
        /// How long it waits for the next record, in milliseconds.
        let wait: Int

        var testDescription: String {
            "\(count) records in \(milliseconds) ms\(hasNews ? ", with news" : "")\(isBehind ? ", behind" : "")"
        }
    }

    @Test(
        "It ends after its interval, after a tenth of it with news, after a second of a backlog, or when it is full",
        arguments: [
            Case(milliseconds: 0, goesOn: true, wait: 100),
            Case(milliseconds: 99, goesOn: true, wait: 5),
            Case(milliseconds: 60, goesOn: true, wait: 40),
            Case(milliseconds: 100, goesOn: false, wait: 5),
            Case(milliseconds: 0, hasNews: true, goesOn: true, wait: 10),
            Case(milliseconds: 9, hasNews: true, goesOn: true, wait: 5),
            Case(milliseconds: 10, hasNews: true, goesOn: false, wait: 5),
            Case(milliseconds: 100, isBehind: true, goesOn: true, wait: 5),
            Case(milliseconds: 10, hasNews: true, isBehind: true, goesOn: true, wait: 5),
            Case(milliseconds: 999, isBehind: true, goesOn: true, wait: 5),
            Case(milliseconds: 1_000, hasNews: true, isBehind: true, goesOn: false, wait: 5),
            Case(milliseconds: 0, count: 1_000, goesOn: false, wait: 100),
            Case(milliseconds: 0, count: 1_000, isBehind: true, goesOn: false, wait: 100),
            Case(milliseconds: 500, count: 0, hasNews: true, goesOn: false, wait: 100),
        ]
    )
    func table(_ one: Case) {
        let spent = Duration.milliseconds(one.milliseconds)
        let goesOn = limits.goesOn(count: one.count, spent: spent, hasNews: one.hasNews) { one.isBehind }
        #expect(goesOn == one.goesOn)
        #expect(limits.wait(count: one.count, spent: spent, hasNews: one.hasNews) == .milliseconds(one.wait))
    }
}
