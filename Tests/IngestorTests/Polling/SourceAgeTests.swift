import Shared
import Testing

@testable import Ingestor

@Suite("Age of a source")
struct SourceAgeTests {
    private let now = EventTime(milliseconds: 1_779_108_600_000)

    private func old(_ seconds: Int64) -> EventTime {
        EventTime(microseconds: now.microseconds - seconds * 1_000_000)
    }

    @Test("pages that differ in age make one judgement a round, which stays")
    func mixed() {
        var age = SourceAge()
        for _ in 0..<5 {
            #expect(age.add(newest: old(10), at: now) == false)
            #expect(age.add(newest: old(5_000), at: now) == true)
            #expect(age.judge() == nil)
            #expect(!age.isBehind)
        }
    }

    @Test("a source that stands still is noticed once, and so is its recovery")
    func standsStill() {
        var age = SourceAge()
        for round in 0..<3 {
            _ = age.add(newest: old(901), at: now)
            _ = age.add(newest: old(5_000), at: now)
            #expect(age.judge() == (round == 0 ? .seconds(901) : nil))
            #expect(age.isBehind)
        }
        _ = age.add(newest: old(5_000), at: now)
        _ = age.add(newest: old(900), at: now)
        #expect(age.judge() == .seconds(900))
        #expect(!age.isBehind)
    }

    @Test("a round without a page says nothing")
    func empty() {
        var age = SourceAge()
        _ = age.add(newest: old(901), at: now)
        _ = age.judge()
        #expect(age.add(newest: nil, at: now) == false)
        #expect(age.judge() == nil)
        #expect(age.isBehind)
    }
}
