import Shared
import TestSupport
import Testing

@testable import Aggregator

/// Coins come and go, and there are never more than there is room for.
@Suite("Coins") struct CoinMemoryTests {
    private func coin(_ number: Int) -> CoinKey { CoinKey(coinID: "coin-\(number)", vsCurrency: "usd") }

    @Test("150000 coins take no more than the limit; those beyond it are refused, and those within it are served")
    func bounded() throws {
        let limit = 8 << 20
        var run = CoreRun(try CoreRun.plan(), memory: CoinMemory(limit: limit))
        var accepted = 0
        for number in 0..<150_000 {
            switch run.tick(1, second: 0, coin: coin(number)) {
            case .accepted: accepted += 1
            case .noRoom: break
            case let other: Issue.record("\(other)")
            }
            if number % 1_000 == 0 { run.commit() }
        }
        #expect(run.core.byteCount <= limit)
        #expect(run.core.windows.coins.count == accepted)
        #expect(accepted > 1_000)
        let decision = run.tick(2, second: 1, coin: coin(0))
        #expect(decision == .accepted)
    }

    @Test("Coins that have gone make room, also in the changelog")
    func givenBack() throws {
        var run = CoreRun(try CoreRun.plan(syntheticLimit: 10 * CoreRun.minute), memory: CoinMemory(limit: 1 << 20))
        var number = 0
        while run.tick(1, second: 0, coin: coin(number)) == .accepted { number += 1 }
        run.commit()
        let full = run.core.byteCount
        // Twenty minutes later: the last synthetic windows have been emitted, and all panes are gone.
        for second in stride(from: 60, through: 20 * 60, by: 60) { run.tick(1, second: Int64(second), coin: coin(0)) }
        run.commit()
        #expect(run.core.windows.coins.count == 1)
        #expect(run.core.windows.ringCount == 1)
        #expect(run.core.byteCount < full / 2)
        #expect(run.keys.allSatisfy { $0 == "position" || $0.hasSuffix("/usd/coin-0") })
        for again in 1..<number {
            let decision = run.tick(1, second: 20 * 60, coin: coin(again))
            #expect(decision == .accepted, "coin \(again)")
        }
        run.commit()
        try run.restart(run.core.plan)
        #expect(run.core.windows.coins.count == number)
    }

    @Test("A coin that a rule remembers stays, and goes after a day of silence")
    func remembered() throws {
        let rule = AlertRule(ruleID: "up", coinID: "coin-1", vsCurrency: "usd", kind: .above, threshold: Price(10))
        var run = CoreRun(try CoreRun.plan(syntheticLimit: 0), rules: [rule])
        run.tick(5, second: 0, coin: coin(1))
        let hour: Int64 = 3_600
        run.tick(1, second: 23 * hour, coin: coin(0))
        run.commit()
        #expect(run.keys.contains("alert/up/usd/coin-1") && run.keys.contains("coin/usd/coin-1"))
        try run.restart(run.core.plan, rules: [rule])
        run.tick(15, second: 23 * hour, coin: coin(1))
        #expect(run.alerts.count == 1)
        run.tick(1, second: 50 * hour, coin: coin(0))
        run.commit()
        #expect(run.core.windows.coins.count == 1)
        #expect(!run.keys.contains { $0.hasSuffix("coin-1") })
    }

    @Test("A coin that comes after ticks were refused is partial as far back as those reach, also after a restart")
    func partialAfterRefusal() throws {
        let plan = try CoreRun.plan(
            [.sliding(5 * CoreRun.minute, every: CoreRun.minute)],
            allowedLateness: 0,
            syntheticLimit: 0
        )
        var run = CoreRun(plan, memory: CoinMemory(limit: 1 << 20))
        run.tick(1, second: -600, coin: coin(0))
        var number = 1
        while run.tick(1, second: 0, coin: coin(number)) == .accepted { number += 1 }
        let refused = coin(number)
        run.tick(1, second: 8 * 60, coin: coin(0))
        let decision = run.tick(9, second: 8 * 60 + 30, coin: refused)
        #expect(decision == .noRoom)
        run.tick(1, second: 10 * 60, coin: coin(0))  // the others have gone
        run.commit()
        let again = run.tick(2, second: 10 * 60 + 10, coin: refused)
        #expect(again == .accepted)
        run.commit()
        try run.restart(plan)
        var summaries: [String] = []
        for minute in 11...14 {
            run.tick(1, second: Int64(minute) * 60, coin: coin(0))
            summaries += run.results.filter { $0.coinID == refused.coinID }.map(\.summary)
        }
        #expect(
            summaries == [
                "sliding 12:06-12:11 2 r0 partial", "sliding 12:07-12:12 2 r0 partial",
                "sliding 12:08-12:13 2 r0 partial",
                "sliding 12:09-12:14 2 r0",
            ]
        )
    }

    @Test("The table agrees with a dictionary while coins come and go", arguments: 0..<10)
    func table(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        var table = CoinTable()
        var numbers: [CoinKey: Int] = [:]
        for _ in 0..<20_000 {
            let key = CoinKey(
                coinID: "c\(random.next() % 300)\u{301}",
                vsCurrency: random.pick(["usd", "eur", "/\u{301}"])
            )
            let found = table.find(coin: key.coinID.utf8.span, currency: key.vsCurrency.utf8.span)
            #expect(found == numbers[key], "seed \(seed)")
            if let found {
                guard random.chance(1, in: 2) else { continue }
                table.remove(found)
                numbers[key] = nil
            } else {
                let number = table.insert(coin: key.coinID.utf8.span, currency: key.vsCurrency.utf8.span)
                #expect(!numbers.values.contains(number), "seed \(seed)")
                #expect(table.keys[number] == key)
                numbers[key] = number
            }
            #expect(table.count == numbers.count)
        }
        #expect(table.byteCount < 1 << 20)
    }

    @Test("A tick that would give a window a start before the year 0 is refused")
    func beforeAllTime() throws {
        var run = CoreRun(try CoreRun.plan())
        var output = WindowOutput()
        let tick = WindowTick(price: Price(1), time: .earliest)
        let clock = ClockReading(wall: .now(), monotonic: 0)
        let decision = run.core.process(tick, coin: CoreRun.bitcoin, clock: clock, into: &output)
        #expect(decision == .outOfRange)
        run.commit()
        try run.restart(run.core.plan)
    }
}
