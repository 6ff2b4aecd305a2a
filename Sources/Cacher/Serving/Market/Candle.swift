import Shared

/// A candle of `/v1/candles`: one minute, or several merged.
struct Candle: Hashable {
    /// Milliseconds since 1970.
    var start: Int64
    /// Milliseconds since 1970, exclusive.
    var end: Int64
    var open: Price
    var high: Price
    var low: Price
    var close: Price
    var sampleCount: Int
    var trades: TradeFigures
    /// The source's rolling 24-hour volume at the close, never a sum.
    var totalVolume: Price?
    /// How often late ticks changed it: the sum over its minutes.
    var revision: Int
    /// Whether no tick fell into any of its minutes.
    var isSynthetic: Bool
    /// Whether one of its minutes may lack ticks.
    var isPartial: Bool
    /// Whether all its minutes are over.
    var isClosed: Bool

    /// A candle that begins with a minute.
    init(_ entry: CandleEntry, interval: CandleInterval) {
        start = interval.start(of: entry.start)
        end = start + interval.milliseconds
        (open, high, low, close) = (entry.open, entry.high, entry.low, entry.close)
        (sampleCount, trades, totalVolume) = (entry.sampleCount, entry.trades, entry.totalVolume)
        revision = entry.revision
        (isSynthetic, isPartial, isClosed) = (entry.isSynthetic, entry.isPartial, true)
    }

    /// A closed window, as the Cacher publishes it.
    init(_ window: PriceAggregate) {
        (start, end) = (window.windowStart.milliseconds, window.windowEnd.milliseconds)
        (open, high, low, close) = (window.open, window.high, window.low, window.close)
        (sampleCount, totalVolume, revision) = (window.sampleCount, window.totalVolume, window.revision)
        trades = TradeFigures(
            count: window.tradeCount,
            volume: window.volume,
            quoteVolume: window.quoteVolume,
            vwap: window.vwap
        )
        (isSynthetic, isPartial, isClosed) = (window.synthetic, window.partial, true)
    }

    /// Adds the next of its minutes: the rule of `price_candles` in the database.
    mutating func add(_ entry: CandleEntry) {
        high = max(high, entry.high)
        low = min(low, entry.low)
        close = entry.close
        sampleCount = sampleCount.addingClamped(entry.sampleCount)
        trades.add(entry.trades)
        totalVolume = entry.totalVolume
        revision = revision.addingClamped(entry.revision)
        isSynthetic = isSynthetic && entry.isSynthetic
        isPartial = isPartial || entry.isPartial
    }

    /// Candles of an interval from minutes in the order of time.
    /// - Parameter newest: the start of the newest minute that there is, in milliseconds: what ends behind it is open.
    static func merge(_ entries: [CandleEntry], interval: CandleInterval, newest: Int64) -> [Candle] {
        var candles: [Candle] = []
        for entry in entries {
            if let last = candles.indices.last, candles[last].start == interval.start(of: entry.start) {
                candles[last].add(entry)
            } else {
                candles.append(Candle(entry, interval: interval))
            }
        }
        if interval != .minute {
            for index in candles.indices { candles[index].trades.weigh() }
        }
        if let last = candles.indices.last { candles[last].isClosed = candles[last].end <= newest + 60_000 }
        return candles
    }

    /// Writes its members into the object that is open.
    func writeMembers(to json: inout JSONWriter) {
        json.member("start", EventTime(milliseconds: start))
        json.member("end", EventTime(milliseconds: end))
        json.member("open", decimal: open)
        json.member("high", decimal: high)
        json.member("low", decimal: low)
        json.member("close", decimal: close)
        json.member("sample_count", sampleCount)
        json.member("trade_count", trades.count)
        json.member("volume", decimal: trades.volume)
        json.member("quote_volume", decimal: trades.quoteVolume)
        json.member("vwap", decimal: trades.vwap)
        json.member("total_volume_24h", decimal: totalVolume)
        json.member("revision", revision)
        json.member("synthetic", isSynthetic)
        json.member("partial", isPartial)
        json.member("closed", isClosed)
    }
}

extension Int {
    /// The sum, or the largest number there is.
    func addingClamped(_ other: Int) -> Int {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
