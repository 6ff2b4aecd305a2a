import Shared

/// Turns values into calls of the scripts in ``CacheScript``.
public struct CacheEncoder {
    /// The names of keys and channels.
    public var keys: CacheKeys
    /// How long a key lives without being written, in ms; 0 for ever.
    public var timeToLiveMilliseconds: Int64
    /// How many alerts are kept.
    public var keptAlerts: Int
    /// How many candles of a coin its history keeps; 0 for none.
    public var keptCandles: Int
    /// The hashes by which the server knows the scripts.
    var priceHash = ""
    var candleHash = ""
    var alertHash = ""
    var positionsHash = ""
    private var json = JSONWriter()
    /// The currencies whose index this batch has given its time to live: once is enough.
    private var renewedIndexes: Set<ByteText> = []

    /// Makes an encoder.
    public init(keys: CacheKeys, timeToLiveMilliseconds: Int64, keptAlerts: Int, keptCandles: Int) {
        self.keys = keys
        self.timeToLiveMilliseconds = timeToLiveMilliseconds
        self.keptAlerts = keptAlerts
        self.keptCandles = keptCandles
    }

    /// Says that what follows is another batch.
    mutating func beginBatch() {
        renewedIndexes.removeAll(keepingCapacity: true)
    }

    /// Adds the command that makes `tick` its coin's latest price if it is newer.
    /// - Parameter isSilent: it is written and not published.
    public mutating func append(
        _ tick: PriceTick,
        version: CacheVersion,
        isSilent: Bool = false,
        to pipeline: inout RedisPipeline
    ) {
        let coin = CoinKey(coinID: tick.coinID, vsCurrency: tick.vsCurrency)
        pipeline.command("EVALSHA")
        pipeline.append(priceHash)
        pipeline.append(2)
        pipeline.append(keys.price(coin))
        pipeline.append(keys.coins(in: tick.vsCurrency))
        appendGuard(version, to: &pipeline)
        pipeline.append(isSilent ? "" : keys.priceChannel(coin))
        json.reset()
        tick.write(to: &json)
        json.withUnsafeBytes { pipeline.append(UnsafeRawBufferPointer($0)) }
        pipeline.append(tick.coinID)
        pipeline.append(tick.marketCapRank.map(String.init) ?? "inf")
        let isFirst = renewedIndexes.insert(ByteText(tick.vsCurrency)).inserted
        pipeline.append(isFirst ? timeToLiveMilliseconds : 0)
        pipeline.append("coin_id", tick.coinID)
        pipeline.append("symbol", tick.symbol)
        pipeline.append("name", tick.name)
        pipeline.append("vs_currency", tick.vsCurrency)
        pipeline.append("price", tick.price)
        pipeline.append("size", tick.size)
        pipeline.append("trade_id", tick.tradeID)
        pipeline.append("side", tick.side?.rawValue)
        pipeline.append("market_cap", tick.marketCap)
        pipeline.append("market_cap_rank", tick.marketCapRank)
        pipeline.append("total_volume", tick.totalVolume)
        pipeline.append("high_24h", tick.high24h)
        pipeline.append("low_24h", tick.low24h)
        pipeline.append("price_change_percentage_24h", tick.priceChangePercentage24h)
        pipeline.append("timestamp", tick.timestamp)
        pipeline.append("ingested_at", tick.ingestedAt)
        pipeline.append("source", tick.source)
    }

    /// Adds the command that puts `candle` into its coin's history, and makes it the latest if it is newer.
    /// - Parameter isSilent: it is written and not published.
    public mutating func append(
        _ candle: PriceAggregate,
        version: CacheVersion,
        isSilent: Bool = false,
        to pipeline: inout RedisPipeline
    ) {
        let coin = CoinKey(coinID: candle.coinID, vsCurrency: candle.vsCurrency)
        pipeline.command("EVALSHA")
        pipeline.append(candleHash)
        pipeline.append(2)
        pipeline.append(keys.candle(coin))
        pipeline.append(keys.candles(coin))
        appendGuard(version, to: &pipeline)
        pipeline.append(isSilent ? "" : keys.candleChannel(coin))
        json.reset()
        candle.write(to: &json)
        json.withUnsafeBytes { pipeline.append(UnsafeRawBufferPointer($0)) }
        pipeline.append(candle.windowStart.milliseconds)
        json.reset()
        candle.writeEntry(to: &json)
        json.withUnsafeBytes { pipeline.append(UnsafeRawBufferPointer($0)) }
        pipeline.append(Int64(keptCandles))
        pipeline.append("coin_id", candle.coinID)
        pipeline.append("vs_currency", candle.vsCurrency)
        pipeline.append("window", candle.window.rawValue)
        pipeline.append("window_start", candle.windowStart)
        pipeline.append("window_end", candle.windowEnd)
        pipeline.append("open", candle.open)
        pipeline.append("high", candle.high)
        pipeline.append("low", candle.low)
        pipeline.append("close", candle.close)
        pipeline.append("average", candle.average)
        pipeline.append("sample_count", candle.sampleCount)
        pipeline.append("trade_count", candle.tradeCount)
        pipeline.append("volume", candle.volume)
        pipeline.append("quote_volume", candle.quoteVolume)
        pipeline.append("vwap", candle.vwap)
        pipeline.append("total_volume", candle.totalVolume)
        pipeline.append("first_tick_at", candle.firstTickAt)
        pipeline.append("last_tick_at", candle.lastTickAt)
        pipeline.append("revision", candle.revision)
        pipeline.append("synthetic", candle.synthetic ? "true" : "false")
        pipeline.append("partial", candle.partial ? "true" : "false")
    }

    /// Adds the command that keeps and publishes `alert` if it is new.
    /// - Parameter isSilent: it is kept and not published.
    public mutating func append(_ alert: PriceAlert, isSilent: Bool = false, to pipeline: inout RedisPipeline) {
        pipeline.command("EVALSHA")
        pipeline.append(alertHash)
        pipeline.append(1)
        pipeline.append(keys.alerts)
        pipeline.append(alert.triggeredAt.milliseconds)
        pipeline.append(Int64(keptAlerts))
        let coin = CoinKey(coinID: alert.coinID, vsCurrency: alert.vsCurrency)
        pipeline.append(isSilent ? "" : keys.alertChannel(coin))
        json.reset()
        alert.write(to: &json)
        json.withUnsafeBytes { pipeline.append(UnsafeRawBufferPointer($0)) }
    }

    /// Adds the command that moves positions on where Redis still has what lies before them.
    mutating func append(_ steps: [PositionStep], to pipeline: inout RedisPipeline) {
        pipeline.command("EVALSHA")
        pipeline.append(positionsHash)
        pipeline.append(Int64(steps.count))
        for step in steps { pipeline.append(step.key) }
        pipeline.append(timeToLiveMilliseconds == 0 ? 0 : max(timeToLiveMilliseconds, Self.shortestLife))
        for step in steps {
            pipeline.append(step.atLeast)
            pipeline.append(step.next)
        }
    }

    /// Positions live that long at least, in ms, so that a Cacher that works never finds one expired.
    private static let shortestLife: Int64 = 60_000

    private func appendGuard(_ version: CacheVersion, to pipeline: inout RedisPipeline) {
        pipeline.append(version.timeMicroseconds)
        pipeline.append(version.order)
        pipeline.append(timeToLiveMilliseconds)
    }
}

/// A field of a hash and its value; what is unknown is empty, which takes the field away.
extension RedisPipeline {
    fileprivate mutating func append(_ field: String, _ text: String?) {
        append(field)
        append(text ?? "")
    }

    fileprivate mutating func append(_ field: String, _ price: Price?) {
        append(field, price?.description)
    }

    fileprivate mutating func append(_ field: String, _ time: EventTime?) {
        append(field, time?.description)
    }

    fileprivate mutating func append(_ field: String, _ number: Int?) {
        append(field, number.map { String($0) })
    }
}
