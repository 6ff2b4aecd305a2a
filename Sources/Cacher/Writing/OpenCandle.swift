import Shared

/// The minute of a coin that is still open, as far as its ticks have come.
///
/// It is made of ticks in the order of their offsets, and knows the last offset that it has counted: a tick that is read
/// again changes nothing, so it needs no position beside it.
struct OpenCandle: Hashable {
    /// How long a minute is, in µs.
    static let length: Int64 = 60_000_000

    /// The minute's first instant, in µs since 1970.
    private(set) var start: Int64
    private(set) var open: Price
    private(set) var high: Price
    private(set) var low: Price
    private(set) var close: Price
    private(set) var sampleCount = 1
    /// Trades and the sum of their sizes: absent where no tick had a size. The sum is absent as well from 1.7 × 10²⁰ on.
    private(set) var trades = TradeFigures()
    /// Event time of the tick that the minute opened with, and of the one it ends with so far, in µs.
    private(set) var firstTick: Int64
    private(set) var lastTick: Int64
    /// The offset of the last record that was counted.
    private(set) var offset: Int64

    /// The minute of a tick, with nothing but that.
    init(_ tick: OpenTick) {
        start = Self.start(of: tick.microseconds)
        (open, high, low, close) = (tick.price, tick.price, tick.price, tick.price)
        (firstTick, lastTick) = (tick.microseconds, tick.microseconds)
        offset = tick.offset
        if let size = tick.size { trades = TradeFigures(count: 1, volume: size) }
    }

    /// What Redis holds of one.
    init(_ entry: CandleEntry, firstTick: Int64, lastTick: Int64, offset: Int64) {
        start = entry.start * 1_000
        (open, high, low, close) = (entry.open, entry.high, entry.low, entry.close)
        (sampleCount, trades) = (entry.sampleCount, entry.trades)
        (self.firstTick, self.lastTick, self.offset) = (firstTick, lastTick, offset)
    }

    /// When the minute began that an instant lies in, in µs.
    static func start(of microseconds: Int64) -> Int64 {
        let rest = microseconds % length
        return microseconds - (rest < 0 ? rest + length : rest)
    }

    /// Takes a tick in; one of a later minute opens that. What was counted before, or is of an earlier minute, is left out.
    mutating func take(_ tick: OpenTick) {
        let minute = Self.start(of: tick.microseconds)
        if minute > start { self = OpenCandle(tick) }
        guard minute == start, tick.offset > offset else { return }
        offset = tick.offset
        sampleCount = sampleCount.addingClamped(1)
        high = max(high, tick.price)
        low = min(low, tick.price)
        if tick.microseconds < firstTick { (firstTick, open) = (tick.microseconds, tick.price) }
        // Of ticks of one time the later record is the newer, as for the price.
        if tick.microseconds >= lastTick { (lastTick, close) = (tick.microseconds, tick.price) }
        if let size = tick.size { trades.add(TradeFigures(count: 1, volume: size)) }
    }
}

/// What an open candle takes of a tick.
struct OpenTick: Hashable {
    /// Event time in µs since 1970.
    var microseconds: Int64
    /// The record's offset in its partition.
    var offset: Int64
    var price: Price
    /// How much was traded, when it is a trade.
    var size: Price?
}
