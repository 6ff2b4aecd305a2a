import Shared
import TestSupport
import Testing

@testable import Ingestor

/// May I ask now? A table of what was spent, and what follows.
@Suite("Budget ledger")
struct BudgetLedgerTests {
    private static let noon = EventTime("2026-05-18T12:00:00Z") ?? EventTime(microseconds: 0)

    private static func at(_ seconds: Double) -> EventTime {
        EventTime(microseconds: noon.microseconds + Int64(seconds * 1e6))
    }

    private func ledger(
        _ calls: [(CallPurpose, Double)],
        _ limits: CallLimits
    ) -> BudgetLedger {
        calls.reduce(BudgetLedger()) { $0.spending($1.0, at: Self.at($1.1), limits: limits, writer: "w") }
    }

    @Test("a minute holds so many calls, and they leave it one by one")
    func minute() {
        let limits = CallLimits(perMinute: 2, perMonth: nil, round: 1)
        let spent = ledger([(.poll, 10), (.poll, 40)], limits)
        #expect(spent.wait(for: .poll, at: Self.at(50), limits: limits) == .seconds(20))
        #expect(spent.wait(for: .poll, at: Self.at(70), limits: limits) == .zero)
        #expect(spent.leftThisMinute(at: Self.at(50), limits: limits) == 0)
        #expect(spent.leftThisMinute(at: Self.at(71), limits: limits) == 1)
        #expect(spent.leftThisMinute(at: Self.at(101), limits: limits) == 2)
    }

    @Test("history leaves polls a quarter of the minute")
    func priority() {
        let limits = CallLimits(perMinute: 8, perMonth: nil, round: 1)
        let spent = ledger((0..<6).map { _ in (.backfill, 0) }, limits)
        #expect(spent.wait(for: .backfill, at: Self.at(1), limits: limits) == .seconds(59))
        #expect(spent.wait(for: .poll, at: Self.at(1), limits: limits) == .zero)
        #expect(CallLimits(perMinute: 1, perMonth: nil, round: 1).perMinute(for: .backfill) == 1)
    }

    @Test("a burst of one round goes at once, then the month is spread, over restarts and processes")
    func spread() {
        let limits = CallLimits(perMinute: 100, perMonth: 1_000, round: 3)
        let spent = ledger([(.poll, 0), (.poll, 0), (.poll, 0)], limits)
        let pace = limits.monthlyPace()
        #expect(spent.wait(for: .poll, at: Self.at(0), limits: limits) == .microseconds(pace.wholeMicroseconds))
        #expect(spent.wait(for: .poll, at: Self.at(pace / .seconds(1) + 1), limits: limits) == .zero)
        #expect(spent.wait(for: .backfill, at: Self.at(0), limits: limits) == .zero, "history is not spread")
    }

    @Test("what history took is taken off the polls' pace")
    func backfilled() {
        let limits = CallLimits(perMinute: 1_000, perMonth: 1_000, round: 1)
        var spent = ledger((0..<500).map { _ in (.backfill, 0) }, limits)
        spent = spent.spending(.poll, at: Self.at(1), limits: limits, writer: "w")
        let wait = spent.wait(for: .poll, at: Self.at(1), limits: limits)
        #expect(abs(wait / .seconds(1) - 31 * 86_400 / 499) < 0.01, "\(wait)")
    }

    @Test("a month that is used up holds everything until a day falls out of it")
    func exhausted() {
        let limits = CallLimits(perMinute: 1_000, perMonth: 10, round: 1)
        let spent = ledger((0..<10).map { _ in (.backfill, 0) }, limits)
        #expect(spent.wait(for: .backfill, at: Self.at(100), limits: limits) == .seconds(43_200 - 100))
        #expect(spent.wait(for: .poll, at: Self.at(30 * 86_400), limits: limits) == .seconds(43_200))
        #expect(spent.wait(for: .poll, at: Self.at(30 * 86_400 + 43_200), limits: limits) == .zero)
        #expect(spent.spent(at: Self.at(30 * 86_400)) == 10)
        #expect(spent.spent(at: Self.at(31 * 86_400)) == 0)
    }

    @Test("a clock that was years ahead, or that is set back, silences nobody for long")
    func clocks() {
        let limits = CallLimits(perMinute: 1, perMonth: 10_000, round: 1)
        let ahead = ledger([(.poll, 80 * 365 * 86_400.0)], limits)
        #expect(ahead.wait(for: .poll, at: Self.at(0), limits: limits) <= .seconds(86_400))
        #expect(ahead.wait(for: .backfill, at: Self.at(0), limits: limits) == .seconds(60))
        let next = ahead.spending(.backfill, at: Self.at(0), limits: limits, writer: "w")
        #expect(next.wait(for: .backfill, at: Self.at(61), limits: limits) == .zero)
        #expect(next.spent(at: Self.at(30 * 86_400)) == 2)
        #expect(next.spent(at: Self.at(31 * 86_400)) == 0)
    }

    @Test("a ledger stays small, however many calls there are")
    func size() {
        let limits = CallLimits(perMinute: 100_000, perMonth: nil, round: 1)
        var spent = BudgetLedger()
        for call in 0..<1_000 {
            spent = spent.spending(.poll, at: Self.at(Double(call) * 700), limits: limits, writer: "w")
            spent = spent.spending(.backfill, at: Self.at(Double(call) * 2_800 + 0.3), limits: limits, writer: "w")
        }
        #expect(spent.days.count <= 31)
        #expect(spent.seconds.count <= 61)
        #expect(spent.number == 2_000)
    }

    @Test("greedy processes that start again all the time stay within minute and month", arguments: 0..<12)
    func limits(seed: Int) throws {
        var random = TestSupport.SplitMix64(seed: UInt64(seed))
        let limits = CallLimits(
            perMinute: Int.random(in: 1...20, using: &random),
            perMonth: random.chance(1, in: 4) ? nil : Int.random(in: 2...600, using: &random),
            round: Int.random(in: 1...10, using: &random)
        )
        let log = MemoryLog()
        func process(_ number: Int) -> SharedBudget {
            SharedBudget(log: MemoryStateLog(log), fingerprint: "f", process: "p\(number)")
        }
        var started = 3
        var processes = (0..<started).map(process)
        var now = 0.0
        var times: [(CallPurpose, Double)] = []
        for _ in 0..<400 {
            now += Double.random(in: 0...2, using: &random)
            if random.chance(1, in: 40) { now += Double.random(in: 0...40_000, using: &random) }
            let index = Int.random(in: 0..<processes.count, using: &random)
            if random.chance(1, in: 5) {
                processes[index] = process(started)
                started += 1
            }
            let purpose: CallPurpose = random.chance(1, in: 6) ? .backfill : .poll
            if try processes[index].spend(for: purpose, at: Self.at(now), limits: limits) == .zero {
                times.append((purpose, now))
            }
        }
        #expect(!times.isEmpty)
        for (index, call) in times.enumerated() {
            let minute = times[...index].count { $0.1 > call.1 - 60 + 0.001 }
            #expect(minute <= limits.perMinute, "seed \(seed)")
            let midnight = (Self.at(call.1).unixSeconds / 86_400 - 30) * 86_400
            let month = times[...index].count { Self.at($0.1).unixSeconds >= midnight }
            #expect(month <= limits.perMonth ?? .max, "seed \(seed)")
        }
        #expect(log.records.count == times.count, "seed \(seed): each record is a call")
    }
}
