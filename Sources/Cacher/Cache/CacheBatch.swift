import Shared

/// What one poll of Kafka brought, reduced to what Redis has to hear of. A pure value.
public struct CacheBatch: Sendable {
    /// The newest tick per coin.
    public private(set) var prices = Coalescer<PriceTick>()
    /// The newest candle per coin.
    public private(set) var candles = Coalescer<PriceAggregate>()
    /// Every alert: two of one coin are two pieces of news.
    public private(set) var alerts: [PriceAlert] = []
    /// When each tick was ingested, in µs since the epoch, also of those that a newer one replaced: the measure of how
    /// long it took until Redis held that price or a newer one.
    public private(set) var ingestedAt: [Int64] = []
    /// How many ticks and candles a newer one of the same batch replaced.
    public private(set) var supersededCount = 0
    /// How many ticks lie so far in the future that they can't be true.
    public private(set) var tooEarlyCount = 0

    /// Makes an empty batch.
    public init() {}

    /// True when there is nothing to write.
    public var isEmpty: Bool {
        prices.entries.isEmpty && candles.entries.isEmpty && alerts.isEmpty
    }

    /// Takes a tick in.
    ///
    /// One from the far future would win against every true price to come, so it is left out; the Aggregator sends it
    /// to `prices.late` (DESIGN section 6).
    /// - Parameters:
    ///   - offset: its record's offset, which decides between ticks of the same event time.
    ///   - latest: the latest event time that can be true.
    public mutating func add(_ tick: PriceTick, offset: Int64, latest: EventTime) {
        guard tick.timestamp <= latest else {
            tooEarlyCount += 1
            return
        }
        ingestedAt.append(tick.ingestedAt.microseconds)
        let version = CacheVersion(timeMicroseconds: tick.timestamp.microseconds, order: offset)
        let key = CoinKey(coinID: tick.coinID, vsCurrency: tick.vsCurrency)
        let known = prices.entries.count
        prices.offer(tick, for: key, version: version)
        supersededCount += prices.entries.count == known ? 1 : 0
    }

    /// Takes a closed window in.
    public mutating func add(_ candle: PriceAggregate) {
        let version = CacheVersion(
            timeMicroseconds: candle.windowStart.microseconds,
            order: Int64(candle.revision)
        )
        let key = CoinKey(coinID: candle.coinID, vsCurrency: candle.vsCurrency)
        let known = candles.entries.count
        candles.offer(candle, for: key, version: version)
        supersededCount += candles.entries.count == known ? 1 : 0
    }

    /// Takes an alert in.
    public mutating func add(_ alert: PriceAlert) {
        alerts.append(alert)
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
