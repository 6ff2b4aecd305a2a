import TestSupport
import Testing

@testable import Ingestor

@Suite("Request budget")
struct RequestBudgetTests {
    @Test(
        "the interval of a round follows from plan, pages and quota",
        arguments: [
            // plan, calls a minute, calls a month, requests of a round, seconds between rounds
            (.keyless, 5, nil, 1, 60.0), (.keyless, 5, nil, 4, 60), (.keyless, 5, nil, 10, 120),
            (.demo, 30, 10_000, 1, 267.867), (.demo, 30, 10_000, 2, 535.787), (.demo, 100, 100_000, 1, 60),
            (.pro, 250, nil, 1, 30), (.pro, 250, nil, 250, 60), (.pro, 500, 500_000, 20, 107.14),
        ] as [(CoinGeckoPlan, Int, Int?, Int, Double)]
    )
    func interval(plan: CoinGeckoPlan, perMinute: Int, perMonth: Int?, round: Int, seconds: Double) {
        let limits = CallLimits(perMinute: perMinute, perMonth: perMonth, round: round)
        let interval = max(plan.refreshInterval, limits.roundInterval) / .seconds(1)
        #expect(abs(interval - seconds) < 0.01, "\(interval)")
    }

    @Test("a burst of one round goes at once, then the month is spread")
    func spread() {
        var budget = RequestBudget(CallLimits(perMinute: 100, perMonth: 1_000, round: 3))
        for _ in 0..<3 {
            #expect(budget.wait(at: .zero) == .zero)
            budget.spend(at: .zero)
        }
        let pace = budget.limits.monthlyPace()
        #expect(budget.wait(at: .zero) == pace)
        #expect(budget.wait(at: pace) == .zero)
    }

    @Test("the minute is a sliding one")
    func minute() {
        var budget = RequestBudget(CallLimits(perMinute: 2, perMonth: nil, round: 1))
        budget.spend(at: .seconds(10))
        budget.spend(at: .seconds(40))
        #expect(budget.wait(at: .seconds(50)) == .seconds(20))
        #expect(budget.wait(at: .seconds(70)) == .zero)
        budget.spend(at: .seconds(70))
        #expect(budget.wait(at: .seconds(71)) == .seconds(29))
    }

    @Test("no minute and no 31 days ever hold more than allowed, however greedy the caller is", arguments: 0..<40)
    func limits(seed: Int) {
        var random = TestSupport.SplitMix64(seed: UInt64(seed))
        let perMinute = Int.random(in: 1...20, using: &random)
        let perMonth = random.chance(1, in: 4) ? nil : Int.random(in: 1...3_000, using: &random)
        let round = Int.random(in: 1...30, using: &random)
        var budget = RequestBudget(CallLimits(perMinute: perMinute, perMonth: perMonth, round: round))
        var now: Duration = .zero
        var times: [Duration] = []
        for _ in 0..<6_000 {
            now += budget.wait(at: now)
            #expect(budget.wait(at: now) == .zero, "seed \(seed): a wait must be enough")
            if random.chance(1, in: 10) { now += .milliseconds(Int.random(in: 0...200_000, using: &random)) }
            budget.spend(at: now)
            times.append(now)
        }
        for (count, span) in [(perMinute, Duration.seconds(60)), (perMonth ?? .max, CallLimits.month)] {
            guard count < times.count else { continue }
            let tooClose = (count..<times.count).first { times[$0] - times[$0 - count] < span }
            #expect(tooClose == nil, "seed \(seed): more than \(count) within \(span)")
        }
    }
}
