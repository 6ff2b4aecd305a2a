import Shared
import TestSupport

@testable import Aggregator

/// What happens to a partition, one after the other.
enum StreamEvent {
    case tick(WindowTick, CoinKey, ClockReading)
    case quiet(ClockReading)
}

/// Settings and a stream, all from a seed: disorder, duplicates, late ticks, ticks from the future, silence, jumps of
/// hours, clocks that go back.
struct RandomStream {
    /// What a process has been started with.
    struct Settings {
        var plan: WindowPlan
        var rules: [AlertRule]
    }

    /// What the first process has been started with.
    let settings: Settings
    let events: [StreamEvent]

    private static let minute: Int64 = 60_000_000
    private static let coins = [
        CoinKey(coinID: "bitcoin", vsCurrency: "usd"), CoinKey(coinID: "bitcoin", vsCurrency: "eur"),
        CoinKey(coinID: "01coin", vsCurrency: "usd"), CoinKey(coinID: "a/ü:\"b", vsCurrency: "usd"),
        // One letter in two spellings, and an accent on what isn't a letter.
        CoinKey(coinID: "\u{E9}", vsCurrency: "us/\u{301}d"), CoinKey(coinID: "e\u{301}", vsCurrency: "us/\u{301}d"),
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
        let plan = try WindowPlan(
            windows: random.pick(windows),
            outOfOrderness: random.pick([0, 10_000_000, 90_000_000]),
            allowedLateness: random.pick([0, 30_000_000, 5 * minute]),
            syntheticLimit: random.pick([0, 3 * minute, 60 * minute]),
            silenceLimit: random.pick([20 * minute, 1_440 * minute])
        )
        settings = Settings(plan: plan, rules: Self.rules(&random, plan: plan))
        events = Self.events(&random, plan: plan, length: length)
    }

    /// Other settings of the kind that may change while windows are open: the windows in another order, more or less
    /// disorder allowed, other rules.
    func changedSettings(_ random: inout SplitMix64) throws -> Settings {
        let old = settings.plan
        let plan = try WindowPlan(
            windows: old.windows.map { (random.next(), $0) }.sorted { $0.0 < $1.0 }.map(\.1),
            outOfOrderness: random.pick([0, 1_000_000, 10_000_000, 90_000_000, 300_000_000]),
            allowedLateness: old.allowedLateness,
            syntheticLimit: old.syntheticLimit,
            silenceLimit: old.silenceLimit
        )
        return Settings(plan: plan, rules: Self.rules(&random, plan: plan))
    }

    private static func rules(_ random: inout SplitMix64, plan: WindowPlan) -> [AlertRule] {
        let cooldown = random.pick([0, 2 * minute, 30 * minute])
        let all = [
            AlertRule(
                ruleID: "high",
                coinID: "*",
                vsCurrency: "usd",
                kind: .above,
                threshold: Price(random.pick([50, 60])),
                cooldownMicroseconds: cooldown
            ),
            AlertRule(ruleID: "low", coinID: "bitcoin", vsCurrency: "eur", kind: .below, threshold: Price(40)),
            AlertRule(
                ruleID: "accent/%\u{301}",
                coinID: random.pick(["\u{E9}", "e\u{301}"]),
                vsCurrency: "us/\u{301}d",
                kind: .above,
                threshold: Price(50)
            ),
            AlertRule(
                ruleID: "fall",
                coinID: "*",
                vsCurrency: "usd",
                kind: .changePct,
                threshold: Price(-10),
                windowMicroseconds: random.pick(plan.windows).size,
                cooldownMicroseconds: cooldown
            ),
            AlertRule(
                ruleID: "off",
                coinID: "*",
                vsCurrency: "usd",
                kind: .above,
                threshold: Price(1),
                enabled: random.chance(1, in: 3)
            ),
        ]
        return all.filter { AlertRuleProblem($0, plan: plan) == nil && random.chance(2, in: 3) }
    }

    /// What sizes the ticks of a stream have.
    private enum Sizes {
        case none
        case usual
        /// And prices as large, so that sums leave their ranges now and then.
        case huge
    }

    /// Makes a trade of a tick, or leaves it as it is: a third of a stream's ticks are none.
    private static func trade(_ random: inout SplitMix64, _ sizes: Sizes, price: Price) -> (Price, Price?) {
        guard sizes != .none, random.chance(2, in: 3) else { return (price, nil) }
        // 1 to 65 bits: dust as well as whole coins, and nothing now and then.
        let small = Int128(random.next() >> (random.next() % 64)) - 1
        guard sizes == .huge, random.chance(1, in: 2) else { return (price, Price(units: max(0, small))) }
        let bits = Int128(random.next()) << 62 | Int128(random.next() >> 2)
        let size = Price(units: bits >> Int128(random.next() % 12))
        return random.chance(1, in: 2) ? (price, size) : (Price(units: bits >> Int128(random.next() % 8)), size)
    }

    private static func events(_ random: inout SplitMix64, plan: WindowPlan, length: Int) -> [StreamEvent] {
        var now = 1_763_843_000_000_000 + Int64(random.next() % 120_000_000)
        var monotonic: Int64 = 1_000
        var last: (WindowTick, CoinKey)?
        let pace = random.pick([2, 10, 40])
        let sizes = random.pick([Sizes.none, .none, .usual, .usual, .huge])
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
            let (price, size) = trade(&random, sizes, price: Price(units: units))
            let tick = WindowTick(
                price: price,
                volume: random.chance(1, in: 3) ? nil : Price(Int(random.next() % 1_000)),
                size: size,
                time: EventTime(microseconds: time),
                isSnapshot: random.chance(1, in: 2)
            )
            let coin = random.pick(coins)
            last = (tick, coin)
            return .tick(tick, coin, clock)
        }
    }
}
