import Shared

/// Ticks of a seeded random walk: the prices depend on the seed alone, the event times are now.
///
/// The coins take turns, each tick a step of its coin's walk. No two ticks carry the same event time.
struct SimulatorSource: TickSource {
    /// The most ticks of one batch.
    static let batchLimit = 500

    private struct Coin {
        var walk: RandomWalk
        let decimals: Int
        /// Market capitalisation per unit of price, in thousandths.
        let weight: Int64
        let key: [UInt8]
        /// The value up to the price.
        let head: [UInt8]
        /// The value from the price to the market capitalisation's number, rank included.
        let rank: [UInt8]
        /// The most bytes a value of this coin takes.
        let size: Int
    }

    private var coins: [Coin]
    private var turn = 0
    private var random: SplitMix64
    private var timeText = SecondText()
    private var last = EventTime(microseconds: .min)
    private let rate: SimulatorRate
    private let limit: Int?
    private var made = 0
    private var debt = 0.0
    private var givenUp = 0.0
    private var before: Duration?

    /// Makes a simulator.
    /// - Parameters:
    ///   - coins: at least one.
    ///   - vsCurrency: the currency that the prices are said to be in.
    ///   - seed: the same seed gives the same prices.
    ///   - rate: how fast.
    ///   - limit: how many ticks to make before the source is finished; `nil` for no end.
    init(coins: [SimulatedCoin], vsCurrency: String, seed: UInt64, rate: SimulatorRate, limit: Int? = nil) {
        var random = SplitMix64(seed: seed)
        self.coins = coins.enumerated().map { index, coin in
            var walk = RandomWalk(base: coin.base)
            for _ in 0..<8 { walk.step(random.next()) }
            return Self.prepared(coin, rank: index + 1, vsCurrency: vsCurrency, walk: walk)
        }
        self.random = random
        self.rate = rate
        self.limit = limit
    }

    mutating func next(into batch: inout TickBatch, clock: () -> ClockReading) throws -> SourceStep {
        let now = clock()
        let left = limit.map { $0 - made } ?? .max
        if left <= 0 || coins.isEmpty { return .finished }
        let count: Int
        switch rate {
        case .max:
            count = min(Self.batchLimit, left)
        case .perSecond(let rate):
            // After a pause that Kafka forced, at most one second's ticks are made up for; the others were never made.
            let owed = debt + (before.map { (now.uptime - $0) / .seconds(1) } ?? 1 / rate) * rate
            debt = min(owed, max(rate, 1))
            givenUp += owed - debt
            before = now.uptime
            count = min(Int(debt), Self.batchLimit, left)
            debt -= Double(count)
        }
        for _ in 0..<count {
            append(to: &batch, at: now.wall)
        }
        made += count
        if let limit, made >= limit { return .finished }
        switch rate {
        case .max: return .more
        case .perSecond(let rate):
            return debt >= 1 ? .more : .wait(max(.milliseconds(1), .seconds((1 - debt) / rate)))
        }
    }

    var missed: Missed { Missed(count: Int(givenUp), unit: .ticks) }

    @inline(__always)
    private mutating func append(to batch: inout TickBatch, at wall: EventTime) {
        last = max(wall, EventTime(microseconds: last.microseconds &+ 1))
        timeText.move(to: last)
        coins[turn].walk.step(random.next())
        let coin = coins[turn]
        turn = turn + 1 == coins.count ? 0 : turn + 1
        batch.append(key: coin.key, timestamp: last, atMost: coin.size) { start in
            let walk = coin.walk
            let cap = walk.value * coin.weight / 1_000
            var text = TextCursor(start)
            text.write(coin.head)
            text.write(walk.value, decimals: coin.decimals)
            text.write(",\"market_cap\":")
            text.write(cap)
            text.write(coin.rank)
            text.write(cap / 24)
            text.write(",\"high_24h\":")
            text.write(walk.high, decimals: coin.decimals)
            text.write(",\"low_24h\":")
            text.write(walk.low, decimals: coin.decimals)
            text.write(",\"price_change_percentage_24h\":")
            text.write((walk.value - walk.base) * 100_000 / walk.base, decimals: 3)
            text.write(",\"timestamp\":\"")
            timeText.write(to: &text)
            text.write("\",\"ingested_at\":\"")
            timeText.write(to: &text)
            text.write("\",\"source\":\"simulator\"}")
            return text.count
        }
    }

    private static func prepared(_ coin: SimulatedCoin, rank: Int, vsCurrency: String, walk: RandomWalk) -> Coin {
        var scale: Int128 = 1
        for _ in 0..<coin.decimals { scale *= 10 }
        let weight = min(max(Int128(coin.supply) * 1_000 / scale, 1), 100_000_000_000)
        let head = TickHead.bytes(
            coinID: coin.id,
            symbol: coin.symbol,
            name: coin.name,
            vsCurrency: vsCurrency
        )
        let rankText = Array(",\"market_cap_rank\":\(rank),\"total_volume\":".utf8)
        return Coin(
            walk: walk,
            decimals: coin.decimals,
            weight: Int64(weight),
            key: Array(coin.id.utf8),
            head: head,
            rank: rankText,
            size: head.count + rankText.count + 400
        )
    }
}
