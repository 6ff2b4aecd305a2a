import Shared

/// A candle as an exchange published it, or as the Aggregator made it of the exchange's trades; what an exchange doesn't
/// publish is nil.
struct ExchangeCandle: Hashable {
    /// When it starts, in seconds since the epoch.
    var start: Int64
    var open: Price?
    var high: Price?
    var low: Price?
    var close: Price?
    var volume: Price?
    var quoteVolume: Price?
    var vwap: Price?
    var count: Int?

    /// What an exchange published; a text that is no number leaves nil.
    /// - Parameter ohlc: open, high, low and close, with a space between each two.
    init(
        _ start: Int64,
        ohlc: String,
        volume: String,
        quoteVolume: String? = nil,
        vwap: String? = nil,
        count: Int? = nil
    ) {
        let prices = ohlc.split(separator: " ", omittingEmptySubsequences: false).map { Price($0) }
        self.start = start
        if prices.count == 4 { (open, high, low, close) = (prices[0], prices[1], prices[2], prices[3]) }
        self.volume = Price(volume)
        self.quoteVolume = quoteVolume.flatMap { Price($0) }
        self.vwap = vwap.flatMap { Price($0) }
        self.count = count
    }

    /// What the Aggregator made, with those of the last three that the exchange publishes too.
    init(_ aggregate: PriceAggregate, quoteVolume: Price? = nil, vwap: Price? = nil, count: Int? = nil) {
        start = aggregate.windowStart.unixSeconds
        open = aggregate.open
        high = aggregate.high
        low = aggregate.low
        close = aggregate.close
        volume = aggregate.volume
        self.quoteVolume = quoteVolume
        self.vwap = vwap
        self.count = count
    }
}
