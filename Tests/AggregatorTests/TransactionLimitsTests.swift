import Shared
import Testing

@testable import Aggregator

@Suite("When a transaction has collected enough") struct TransactionLimitsTests {
    /// A transaction in the middle, and what comes of it.
    struct Case: Sendable, CustomTestStringConvertible {
        /// The interval, in milliseconds.
        var interval = 100
        let milliseconds: Int
        var count = 1
        /// How long ago it had news, in milliseconds.
        var news: Int?
        var isBehind = false
        let goesOn: Bool
        /// How long it waits for the next record, in milliseconds.
        let wait: Int

        var testDescription: String {
            "\(count) records in \(milliseconds) of \(interval) ms\(news.map { ", news \($0) ms ago" } ?? "")\(isBehind ? ", behind" : "")"
        }
    }

    @Test(
        "It ends after its interval, a tenth of it or 10 ms after news, after a second of a backlog, or when it is full",
        arguments: [
            Case(milliseconds: 0, goesOn: true, wait: 100),
            Case(milliseconds: 99, goesOn: true, wait: 5),
            Case(milliseconds: 60, goesOn: true, wait: 40),
            Case(milliseconds: 100, goesOn: false, wait: 5),
            Case(milliseconds: 0, news: 0, goesOn: true, wait: 10),
            Case(milliseconds: 9, news: 9, goesOn: true, wait: 5),
            Case(milliseconds: 10, news: 10, goesOn: false, wait: 5),
            Case(milliseconds: 50, news: 2, goesOn: true, wait: 8),
            Case(milliseconds: 94, news: 0, goesOn: true, wait: 6),
            Case(milliseconds: 100, news: 1, goesOn: false, wait: 5),
            Case(milliseconds: 100, isBehind: true, goesOn: true, wait: 5),
            Case(milliseconds: 10, news: 10, isBehind: true, goesOn: true, wait: 5),
            Case(milliseconds: 999, isBehind: true, goesOn: true, wait: 5),
            Case(milliseconds: 1_000, news: 900, isBehind: true, goesOn: false, wait: 5),
            Case(milliseconds: 0, count: 1_000, goesOn: false, wait: 100),
            Case(milliseconds: 0, count: 1_000, isBehind: true, goesOn: false, wait: 100),
            Case(milliseconds: 0, count: 0, goesOn: false, wait: 100),
            Case(milliseconds: 50, count: 0, isBehind: true, goesOn: false, wait: 100),
            Case(interval: 5_000, milliseconds: 0, count: 0, goesOn: false, wait: 100),
            Case(interval: 5_000, milliseconds: 0, goesOn: true, wait: 100),
            Case(interval: 5_000, milliseconds: 4_940, goesOn: true, wait: 60),
            Case(interval: 5_000, milliseconds: 5_000, goesOn: false, wait: 5),
            Case(interval: 5_000, milliseconds: 300, news: 1, goesOn: true, wait: 9),
            Case(interval: 5_000, milliseconds: 300, news: 10, goesOn: false, wait: 5),
            Case(interval: 10, milliseconds: 1, news: 1, goesOn: false, wait: 5),
            Case(interval: 10, milliseconds: 0, count: 0, goesOn: false, wait: 10),
        ]
    )
    func table(_ one: Case) {
        let limits = TransactionLimits(interval: .milliseconds(one.interval), records: 1_000)
        let progress = TransactionLimits.Progress(
            count: one.count,
            spent: .milliseconds(one.milliseconds),
            sinceNews: one.news.map { .milliseconds($0) }
        )
        #expect(limits.goesOn(progress) { one.isBehind } == one.goesOn)
        #expect(limits.wait(progress) == .milliseconds(one.wait))
    }
}
