import Shared

/// Ticks of a seeded random walk: the prices depend on the seed alone, and so does what is wrong with the stream.
///
/// The coins take turns, each tick a step of its coin's walk. Without faults no two ticks carry the same event time.
struct SimulatorSource: TickSource {
    /// The most ticks of one batch.
    static let batchLimit = 500
    /// How many ticks a second event times allow for where they are not now and the rate is `max`.
    static let nominalRate = 10_000.0
    /// The most bytes of a value behind its head.
    private static let tail = 420

    /// A tick that may come again.
    private struct Remembered {
        var key: [UInt8]
        var value: [UInt8]
        var timestamp: EventTime
    }

    private var coins: SimulatedCoins
    private var turn = 0
    private var random: SplitMix64
    private var sizes: SplitMix64
    private var faults: SimulatorFaults
    private var remembered: [Remembered] = []
    private var oldest = 0
    private var timeText = SecondText()
    private var oldText = SecondText()
    private var last = EventTime(microseconds: .min)
    private let rate: SimulatorRate
    private let limit: Int?
    private let settings: SimulatorSettings
    /// The next tick's event time, in microseconds from ``SimulatorSettings/start``.
    private var position = 0.0
    private var made = 0
    private var debt = 0.0
    private var givenUp = 0.0
    private var before: Duration?

    /// Makes a simulator.
    /// - Parameters:
    ///   - coins: which.
    ///   - vsCurrency: the currency that the prices are said to be in.
    ///   - seed: the same seed gives the same prices.
    ///   - rate: how fast.
    ///   - limit: how many ticks to make before the source is finished; `nil` for no end.
    ///   - settings: what is wrong with the stream, and when it comes.
    init(
        coins: CoinList,
        vsCurrency: String,
        seed: UInt64,
        rate: SimulatorRate,
        limit: Int? = nil,
        settings: SimulatorSettings
    ) {
        var random = SplitMix64(seed: seed)
        self.coins = SimulatedCoins(coins, vsCurrency: vsCurrency, random: &random)
        self.random = random
        sizes = SplitMix64(seed: seed ^ 0x517E_5EED_0000_0002)
        faults = settings.faults
        self.rate = rate
        self.limit = limit
        self.settings = settings
    }

    mutating func next(into batch: inout TickBatch, clock: () -> ClockReading) throws -> SourceStep {
        let now = clock()
        let left = limit.map { $0 - made } ?? .max
        if left <= 0 || coins.count == 0 { return .finished }
        let count: Int
        let silence = silence(at: now.uptime)
        switch rate {
        case .max:
            // A stream that has times of its own has its gaps in them.
            if let silence, settings.start == nil { return .wait(silence) }
            count = min(Self.batchLimit, left)
        case .perSecond(let rate):
            let work = before.map { before in
                settings.shape.work(from: before / .microseconds(1), to: now.uptime / .microseconds(1))
            }
            let owed = debt + (work.map { $0 / 1e6 } ?? 1 / rate) * rate
            // After a pause that Kafka forced, at most one second's ticks are made up for; the others were never made. A
            // stream that has times of its own only comes later.
            debt = settings.start == nil ? min(owed, max(rate * settings.shape.peak, 1)) : owed
            givenUp += owed - debt
            before = now.uptime
            count = min(Int(min(debt, 1e9)), Self.batchLimit, left)
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
            if debt >= 1 { return .more }
            return .wait(max(.milliseconds(1), .seconds((1 - debt) / rate), silence ?? .zero))
        }
    }

    var missed: Missed { Missed(count: Int(givenUp), unit: .ticks) }

    /// How long nothing comes yet; `nil` when something does.
    private func silence(at uptime: Duration) -> Duration? {
        guard settings.shape.gaps != nil else { return nil }
        let time = uptime / .microseconds(1)
        let (factor, end) = settings.shape.factor(at: time)
        return factor == 0 ? .microseconds(end - time) + .microseconds(1) : nil
    }

    @inline(__always)
    private mutating func append(to batch: inout TickBatch, at wall: EventTime) {
        if let start = settings.start {
            // What a file of RFC 3339 can't hold stays at its end.
            last = min(EventTime.latest, EventTime(microseconds: start.microseconds &+ Int64(min(position, 9e17))))
            var perSecond = Self.nominalRate
            if case .perSecond(let rate) = rate { perSecond = rate }
            position = settings.shape.time(after: 1e6 / perSecond, from: position)
        } else {
            last = max(wall, EventTime(microseconds: last.microseconds &+ 1))
        }
        if let back = faults.duplicate(of: remembered.count) {
            return batch.append(copyOf: remembered[back].key, remembered[back].value, remembered[back].timestamp)
        }
        let timestamp = max(EventTime.earliest, EventTime(microseconds: last.microseconds &- faults.age()))
        timeText.move(to: last)
        let isOld = timestamp != last
        if isOld { oldText.move(to: timestamp) }
        coins.step(turn, random.next())
        let coin = turn
        turn = turn + 1 == coins.count ? 0 : turn + 1
        let (size, dice) = settings.trades ? (sizes.next(), sizes.next()) : (0, 0)
        batch.append(
            timestamp: timestamp,
            keyLimit: coins.keyLimit(coin),
            valueLimit: coins.headLimit(coin) + Self.tail,
            key: { coins.writeKey(coin, to: $0) },
            value: { start in
                var text = TextCursor(start)
                coins.writeHead(coin, to: &text)
                text.write(coins[coin].value, decimals: coins.decimals(coin))
                if settings.trades {
                    write(size: size, isBuy: dice & 1 == 0, of: coin, to: &text)
                } else {
                    writeMarket(of: coin, to: &text)
                }
                text.write(",\"timestamp\":\"")
                if isOld { oldText.write(to: &text) } else { timeText.write(to: &text) }
                text.write("\",\"ingested_at\":\"")
                timeText.write(to: &text)
                text.write("\",\"source\":\"simulator\"}")
                return text.count
            }
        )
        if faults.duplicates.isSome { remember(batch, timestamp) }
    }

    /// What a poll of prices says beside the price.
    @inline(__always)
    private func writeMarket(of coin: Int, to text: inout TextCursor) {
        let walk = coins[coin]
        let cap = coins.marketCap(coin)
        text.write(",\"market_cap\":")
        text.write(cap)
        text.write(",\"market_cap_rank\":")
        text.write(Int64(coin + 1))
        text.write(",\"total_volume\":")
        text.write(cap / 24)
        text.write(",\"high_24h\":")
        text.write(walk.high, decimals: coins.decimals(coin))
        text.write(",\"low_24h\":")
        text.write(walk.low, decimals: coins.decimals(coin))
        text.write(",\"price_change_percentage_24h\":")
        text.write((walk.value - walk.base) * 100_000 / walk.base, decimals: 3)
    }

    /// What a trade says beside the price: worth up to about 100 000, whatever the coin costs. Its id rises with time, over
    /// restarts too.
    @inline(__always)
    private func write(size: UInt64, isBuy: Bool, of coin: Int, to text: inout TextCursor) {
        let units = Int64(size % 1_000_000) + 1
        let decimals = 8 - coins.decimals(coin)
        text.write(",\"size\":")
        if decimals >= 0 {
            text.write(units, decimals: decimals)
        } else {
            text.write((0..<(-decimals)).reduce(units) { value, _ in value * 10 })
        }
        text.write(",\"trade_id\":\"")
        text.write(last.microseconds)
        text.write(isBuy ? "\",\"side\":\"buy\"" : "\",\"side\":\"sell\"")
    }

    private mutating func remember(_ batch: borrowing TickBatch, _ timestamp: EventTime) {
        guard let record = batch.records.last else { return }
        let tick = Remembered(
            key: Array(batch.bytes[record.key]),
            value: Array(batch.bytes[record.value]),
            timestamp: timestamp
        )
        if remembered.count < SimulatorFaults.remembered {
            remembered.append(tick)
        } else {
            remembered[oldest] = tick
            oldest = (oldest + 1) % SimulatorFaults.remembered
        }
    }
}
