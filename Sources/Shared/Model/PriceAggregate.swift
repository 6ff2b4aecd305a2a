/// What happened to one coin's price within one window: the value of a record in `prices.aggregates.*`.
public struct PriceAggregate: Sendable, Hashable {
    /// How windows follow each other.
    public enum Window: String, Sendable, Hashable, CaseIterable {
        /// Windows that touch: each starts where the one before it ends.
        case tumbling
        /// Windows that overlap: each starts one slide after the one before it.
        case sliding
    }

    /// CoinGecko's id of the coin; the record's key.
    public var coinID: String
    /// The currency the prices are in.
    public var vsCurrency: String
    /// Tumbling or sliding.
    public var window: Window
    /// The first instant that belongs to the window.
    public var windowStart: EventTime
    /// The first instant that no longer belongs to the window: `[windowStart, windowEnd)`.
    public var windowEnd: EventTime
    /// The price of the tick with the smallest event time; of two at the same time, the one with the lower offset.
    public var open: Price
    /// The highest price.
    public var high: Price
    /// The lowest price.
    public var low: Price
    /// The price of the tick with the largest event time; of two at the same time, the one with the higher offset.
    public var close: Price
    /// The mean of the samples, rounded half to even at 18 places.
    public var average: Price
    /// How many ticks fell into the window; 0 when it is synthetic.
    public var sampleCount: Int
    /// How many of them are trades: ticks with a size. Absent, as the three below, where there were none.
    public var tradeCount: Int?
    /// The sum of their sizes, in base units.
    public var volume: Price?
    /// The sum of price × size, in `vsCurrency`, rounded half to even at 18 places.
    public var quoteVolume: Price?
    /// The mean price weighted by size, rounded half to even at 18 places; absent when the volume is 0 as well.
    public var vwap: Price?
    /// The 24-hour volume that came with the closing tick, if any; a sum over windows has no meaning.
    public var totalVolume: Price?
    /// Event time of the opening tick; absent when synthetic.
    public var firstTickAt: EventTime?
    /// Event time of the closing tick; absent when synthetic.
    public var lastTickAt: EventTime?
    /// 0 for the first result of a window, one more each time a late tick changed it.
    public var revision: Int
    /// True when the window had no tick and carries the previous close forward.
    public var synthetic: Bool
    /// True when the window may lack ticks from before the service first saw its partition, or was flushed while open.
    public var partial: Bool

    /// Makes an aggregate.
    public init(
        coinID: String,
        vsCurrency: String,
        window: Window,
        windowStart: EventTime,
        windowEnd: EventTime,
        open: Price,
        high: Price,
        low: Price,
        close: Price,
        average: Price,
        sampleCount: Int,
        tradeCount: Int? = nil,
        volume: Price? = nil,
        quoteVolume: Price? = nil,
        vwap: Price? = nil,
        totalVolume: Price? = nil,
        firstTickAt: EventTime? = nil,
        lastTickAt: EventTime? = nil,
        revision: Int = 0,
        synthetic: Bool = false,
        partial: Bool = false
    ) {
        self.coinID = coinID
        self.vsCurrency = vsCurrency
        self.window = window
        self.windowStart = windowStart
        self.windowEnd = windowEnd
        self.open = open
        self.high = high
        self.low = low
        self.close = close
        self.average = average
        self.sampleCount = sampleCount
        self.tradeCount = tradeCount
        self.volume = volume
        self.quoteVolume = quoteVolume
        self.vwap = vwap
        self.totalVolume = totalVolume
        self.firstTickAt = firstTickAt
        self.lastTickAt = lastTickAt
        self.revision = revision
        self.synthetic = synthetic
        self.partial = partial
    }
}
