import Shared
import TestSupport

@testable import Aggregator

/// What happens to a partition, one after the other.
enum StreamEvent {
    case tick(WindowTick, CoinKey, ClockReading)
    case quiet(ClockReading)
}

/// A plan, rules and a stream, all from a seed: disorder, duplicates, late ticks, ticks from the future, silence, jumps
/// of hours, clocks that go back.
struct RandomStream {
    let plan: WindowPlan
    let rules: [AlertRule]
    let events: [StreamEvent]

    private static let minute: Int64 = 60_000_000
    private static let coins = [
        CoinKey(coinID: "bitcoin", vsCurrency: "usd"), CoinKey(coinID: "bitcoin", vsCurrency: "eur"),
        CoinKey(coinID: "01coin", vsCurrency: "usd"), CoinKey(coinID: "a/ü:\"b", vsCurrency: "usd"),
    ]

    init(seed: UInt64, length: Int) throws {
        var random = SplitMix64(seed: seed)
        let minute = Self.minute
        let windows: [[WindowSpec]] = [
            [.tumbling(minute)],
            [.tumbling(minute), .sliding(5 * minute, every: minute)],
            [.tumbling(minute), .sliding(5 * minute, every: 2 * minute), .tumbling(15 * minute)],
            [.sliding(3 * minute / 2, every: minute / 2), .tumbling(minute)],
            [.tumbling(minute), .sliding(40 * minute, every: minute), .sliding(5 * minute, every: minute)],
        ]
        plan = try WindowPlan(
            windows: random.pick(windows),
            outOfOrderness: random.pick([0, 10_000_000, 90_000_000]),
            allowedLateness: random.pick([0, 30_000_000, 5 * minute]),
            syntheticLimit: random.pick([0, 3 * minute, 60 * minute])
        )
        rules = Self.rules(&random)
        events = Self.events(&random, plan: plan, length: length)
    }

    private static func rules(_ random: inout SplitMix64) -> [AlertRule] {
        let cooldown = random.pick([0, 2 * minute, 30 * minute])
        let all = [
            AlertRule(
                ruleID: "high",
                coinID: "*",
                vsCurrency: "usd",
                kind: .above,
                threshold: Price(60),
                cooldownMicroseconds: cooldown
            ),
            AlertRule(ruleID: "low", coinID: "bitcoin", vsCurrency: "eur", kind: .below, threshold: Price(40)),
            AlertRule(
                ruleID: "fall",
                coinID: "*",
                vsCurrency: "usd",
                kind: .changePct,
                threshold: Price(-10),
                windowMicroseconds: 5 * minute,
                cooldownMicroseconds: cooldown
            ),
            AlertRule(
                ruleID: "off",
                coinID: "*",
                vsCurrency: "usd",
                kind: .above,
                threshold: Price(1),
                enabled: false
            ),
        ]
        return all.filter { _ in random.chance(2, in: 3) }
    }

    private static func events(_ random: inout SplitMix64, plan: WindowPlan, length: Int) -> [StreamEvent] {
        var now = 1_763_843_000_000_000 + Int64(random.next() % 120_000_000)
        var monotonic: Int64 = 1_000
        var last: (WindowTick, CoinKey)?
        let pace = random.pick([2, 10, 40])
        return (0..<length).map { _ in
            let step = Int64(random.next() % UInt64(pace * 1_000_000))
            let jump = random.chance(1, in: 60) ? Int64(random.next() % 8_000_000_000) : 0
            now += step + jump
            monotonic += random.chance(1, in: 20) ? -Int64(random.next() % 5_000_000) : (step + jump / 2)
            let wall = random.chance(1, in: 30) ? now - Int64(random.next() % 90_000_000) : now
            let clock = ClockReading(wall: EventTime(microseconds: wall), monotonic: monotonic)
            if random.chance(1, in: 8) { return .quiet(clock) }
            if let last, random.chance(1, in: 10) { return .tick(last.0, last.1, clock) }
            let behind: UInt64
            switch random.next() % 12 {
            case 0: behind = UInt64(plan.allowedLateness + plan.outOfOrderness) * 2 + 200_000_000
            case 1, 2: behind = UInt64(plan.allowedLateness + plan.outOfOrderness) + 1
            default: behind = UInt64(plan.outOfOrderness) + 1
            }
            var time = now - Int64(random.next() % behind)
            if random.chance(1, in: 40) { time = wall + plan.futureLimit + Int64(random.next() % 3) - 1 }
            // Few distinct prices and whole seconds now and then, so that ties happen.
            if random.chance(1, in: 3) { time -= time % 1_000_000 }
            let units = Int128(random.next() % 100) * Price.unitsPerOne + (random.chance(1, in: 2) ? 0 : 7)
            let tick = WindowTick(
                price: Price(units: units),
                volume: random.chance(1, in: 3) ? nil : Price(Int(random.next() % 1_000)),
                time: EventTime(microseconds: time),
                isSnapshot: random.chance(1, in: 2)
            )
            let coin = random.pick(coins)
            last = (tick, coin)
            return .tick(tick, coin, clock)
        }
    }
}
