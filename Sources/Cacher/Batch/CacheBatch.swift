import Shared

/// What one poll of Kafka brought, reduced to what Redis has to hear of. A pure value.
public struct CacheBatch: Sendable {
    /// A window of a coin.
    public struct CandleKey: Hashable, Sendable {
        /// The coin.
        public var coin: CoinKey
        /// The window's first instant.
        public var start: EventTime
    }

    /// An alert, and whether subscribers have to hear of it.
    public struct Alert: Sendable {
        /// The alert.
        public var value: PriceAlert
        /// It is kept and not published.
        public var isSilent: Bool
    }

    /// The newest tick per coin.
    public private(set) var prices = Coalescer<CoinKey, PriceTick>()
    /// The newest revision of each candle.
    public private(set) var candles = Coalescer<CandleKey, PriceAggregate>()
    /// Every alert: two of one coin are two pieces of news.
    public private(set) var alerts: [Alert] = []
    /// When each tick that is published was ingested, in µs since the epoch, also of those that a newer one replaced: the
    /// measure of how long it took until Redis held that price or a newer one.
    public private(set) var ingestedAt: [Int64] = []
    /// How many ticks and candles a newer one of the same batch replaced.
    public private(set) var supersededCount = 0
    /// How many ticks, candles and alerts lie so far in the future that they can't be true.
    public private(set) var tooEarlyCount = 0

    /// Makes an empty batch.
    public init() {}

    /// True when there is nothing to write.
    public var isEmpty: Bool {
        prices.entries.isEmpty && candles.entries.isEmpty && alerts.isEmpty
    }

    /// Takes a tick in, unless it is from the future: it would win against every true price to come.
    /// - Parameters:
    ///   - offset: its record's offset, which decides between ticks of the same event time.
    ///   - latest: the latest event time that can be true.
    ///   - isSilent: it is written and not published.
    /// - Returns: why it is refused, if it is.
    @discardableResult
    public mutating func add(
        _ tick: PriceTick,
        offset: Int64,
        latest: EventTime,
        isSilent: Bool = false
    ) -> String? {
        if let reason = tooEarly("timestamp", tick.timestamp, latest) { return reason }
        if !isSilent { ingestedAt.append(tick.ingestedAt.microseconds) }
        let version = CacheVersion(timeMicroseconds: tick.timestamp.microseconds, order: offset)
        let key = CoinKey(coinID: tick.coinID, vsCurrency: tick.vsCurrency)
        let known = prices.entries.count
        prices.offer(tick, for: key, version: version, isSilent: isSilent)
        supersededCount += prices.entries.count == known ? 1 : 0
        return nil
    }

    /// Takes a closed window in, unless it is no minute, or from the future.
    /// - Parameters:
    ///   - latest: the latest event time that can be true.
    ///   - isSilent: it is written and not published.
    /// - Returns: why it is refused, if it is.
    @discardableResult
    public mutating func add(_ candle: PriceAggregate, latest: EventTime, isSilent: Bool = false) -> String? {
        guard candle.isMinute else { return "only tumbling windows of one whole minute belong in this topic" }
        if let reason = tooEarly("window_start", candle.windowStart, latest) { return reason }
        let version = CacheVersion(
            timeMicroseconds: candle.windowStart.microseconds,
            order: Int64(candle.revision)
        )
        let coin = CoinKey(coinID: candle.coinID, vsCurrency: candle.vsCurrency)
        let key = CandleKey(coin: coin, start: candle.windowStart)
        let known = candles.entries.count
        candles.offer(candle, for: key, version: version, isSilent: isSilent)
        supersededCount += candles.entries.count == known ? 1 : 0
        return nil
    }

    /// Takes an alert in, unless it is from the future: only the latest ones are kept, so it would stay for ever.
    /// - Parameters:
    ///   - latest: the latest event time that can be true.
    ///   - isSilent: it is kept and not published.
    /// - Returns: why it is refused, if it is.
    @discardableResult
    public mutating func add(_ alert: PriceAlert, latest: EventTime, isSilent: Bool = false) -> String? {
        if let reason = tooEarly("triggered_at", alert.triggeredAt, latest) { return reason }
        alerts.append(Alert(value: alert, isSilent: isSilent))
        return nil
    }

    private mutating func tooEarly(_ field: String, _ time: EventTime, _ latest: EventTime) -> String? {
        guard time > latest else { return nil }
        tooEarlyCount += 1
        return "\(field) is \(time), which is more than CACHER_MAX_FUTURE ahead of the clock"
    }

    /// Forgets everything and keeps the memory.
    public mutating func removeAll() {
        prices.removeAll()
        candles.removeAll()
        alerts.removeAll(keepingCapacity: true)
        ingestedAt.removeAll(keepingCapacity: true)
        supersededCount = 0
        tooEarlyCount = 0
    }
}
