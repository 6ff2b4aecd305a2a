import Testing

@testable import Aggregator

/// A clock that is slow, as a table.
@Suite("Clock check") struct ClockCheckTests {
    private func counts(accepted: Int = 0, future: Int = 0, ahead: Int64 = 0) -> TickCounts {
        var counts = TickCounts()
        counts.accepted = accepted
        counts.future = future
        counts.furthestAhead = ahead
        return counts
    }

    @Test("When most ticks are ahead of the clock it says so, once, and once when they fit again")
    func slowClock() {
        var check = ClockCheck()
        let start = ContinuousClock.now
        func judge(_ intervals: Int) -> Bool { check.judge(at: start.advanced(by: ClockCheck.interval * intervals)) }
        #expect(!judge(0))
        check.add(counts(accepted: 100, future: 100))
        #expect(!judge(1), "half of them may be one source's fault")
        check.add(counts(accepted: 1, future: 100, ahead: 75_000_000))
        #expect(judge(2))
        #expect(check.verdict == .ahead(count: 100, of: 101, most: 75_000_000))
        #expect(check.verdict.description.contains("up to 75 s"))
        #expect(!judge(3), "without ticks the judgement stands")
        check.add(counts(future: 5, ahead: 90_000_000))
        #expect(!judge(4))
        #expect(check.verdict == .ahead(count: 5, of: 5, most: 90_000_000))
        check.add(counts(accepted: 10))
        #expect(judge(5))
        #expect(check.verdict == .plausible)
    }

    @Test("It judges no sooner than an interval has passed")
    func waits() {
        var check = ClockCheck()
        let start = ContinuousClock.now
        _ = check.judge(at: start)
        check.add(counts(future: 10))
        let changed = check.judge(at: start.advanced(by: ClockCheck.interval - .milliseconds(1)))
        #expect(!changed)
    }
}
