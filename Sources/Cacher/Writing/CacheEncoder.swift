import Shared

/// Turns values into calls of the scripts in ``CacheScript``: for a writer that doesn't know what Redis holds.
/// `CacheEncoder+Owned.swift` has what one sends that does.
public struct CacheEncoder {
    /// The names of keys and channels.
    public let keys: CacheKeys
    /// How long a key lives without being written, in ms; 0 for ever.
    public let timeToLiveMilliseconds: Int64
    /// How many alerts are kept.
    public let keptAlerts: Int
    /// How many candles of a coin its history keeps; 0 for none.
    public let keptCandles: Int
    /// How many records a stream keeps, or some more.
    public let streamLength: Int
    /// The hashes by which the server knows the scripts.
    var priceHash = ""
    var candleHash = ""
    var alertHash = ""
    var claimHash = ""
    var moversHash = ""
    var sweepHash = ""
    /// How the names begin.
    let names: Names
    var json = JSONWriter()
    /// The currencies whose indexes this batch has given their time to live: once is enough.
    private var renewedIndexes: Set<Int> = []

    /// How keys and channels of a coin begin, and what stands behind the coin.
    struct Names: Sendable {
        let price: [UInt8]
        let coins: [UInt8]
        let candle: [UInt8]
        let candles: [UInt8]
        let open: [UInt8]
        let prices: [UInt8]
        let alerts: [UInt8]
        let marketCap: [UInt8]
        let volume: [UInt8]
        let movers: [UInt8]

        init(_ prefix: String) {
            func name(_ kind: String) -> [UInt8] { Array("\(prefix)\(kind):".utf8) }
            price = name("price")
            coins = name("coins")
            candle = name("candle")
            candles = name("candles")
            open = name("open")
            prices = name("prices")
            alerts = name("alerts")
            marketCap = name("marketcap")
            volume = name("volume")
            movers = name("movers")
        }
    }

    /// Makes an encoder.
    public init(
        keys: CacheKeys,
        timeToLiveMilliseconds: Int64,
        keptAlerts: Int,
        keptCandles: Int,
        streamLength: Int = 0
    ) {
        self.keys = keys
        self.timeToLiveMilliseconds = timeToLiveMilliseconds
        self.keptAlerts = keptAlerts
        self.keptCandles = keptCandles
        self.streamLength = streamLength
        names = Names(keys.prefix)
    }

    /// Says that what follows is another batch.
    mutating func beginBatch() {
        renewedIndexes.removeAll(keepingCapacity: true)
    }

    /// Adds the command that makes a tick its coin's latest price if it is newer.
    mutating func append(_ entry: CacheBatch.Tick, of batch: CacheBatch, to pipeline: inout RedisPipeline) {
        let record = batch.bytes(of: entry.record)
        let name = batch.coins.names[entry.coin]
        let currency = batch.coins.currencies[name.currency]
        let tick = entry.tick
        pipeline.command("EVALSHA", arguments: 17 + Self.priceFieldCount * 2)
        pipeline.argument(priceHash.utf8.span)
        pipeline.argument(4)
        pipeline.argument(names.price, name.suffix)
        pipeline.argument(names.coins, currency.suffix)
        pipeline.argument(names.marketCap, currency.suffix)
        pipeline.argument(names.volume, currency.suffix)
        appendGuard(entry.version, to: &pipeline)
        if entry.isSilent {
            pipeline.argument("")
        } else {
            pipeline.argument(names.prices, name.suffix)
        }
        pipeline.argument(record)
        pipeline.argument(name.bytes[..<name.idCount])
        if let rank = tick.marketCapRank {
            pipeline.argument(Int64(rank))
        } else {
            pipeline.argument("inf")
        }
        let isFirst = renewedIndexes.insert(name.currency).inserted
        pipeline.argument(isFirst ? timeToLiveMilliseconds : 0)
        pipeline.argument(orEmpty: tick.marketCap)
        pipeline.argument(orEmpty: tick.totalVolume)
        appendFields(.all, of: entry, name, record, to: &pipeline)
    }

    /// How many fields the hash of a price has, but for `time_us` and `order`.
    private static let priceFieldCount = 17

    /// Adds fields and values of a price: those that change with every tick, in front for Redis to find them soon, and of
    /// the others the chosen ones; what is unknown is empty, which takes the field away.
    func appendFields(
        _ chosen: KnownPrice.Fields,
        of entry: CacheBatch.Tick,
        _ name: CoinTable.Name,
        _ record: Span<UInt8>,
        to pipeline: inout RedisPipeline
    ) {
        let tick = entry.tick
        pipeline.argument("price")
        pipeline.argument(tick.price)
        pipeline.argument("timestamp")
        pipeline.argument(tick.timestamp)
        pipeline.argument("ingested_at")
        pipeline.argument(tick.ingestedAt(orRecordTime: entry.recordTime))
        if chosen.contains(.size) { pipeline.member("size", tick.size) }
        if chosen.contains(.tradeID) { pipeline.member("trade_id", tick.tradeID, record) }
        if chosen.contains(.side) {
            pipeline.argument("side")
            pipeline.argument((tick.side?.rawValue ?? "").utf8.span)
        }
        if chosen.contains(.marketCap) { pipeline.member("market_cap", tick.marketCap) }
        if chosen.contains(.totalVolume) { pipeline.member("total_volume", tick.totalVolume) }
        if chosen.contains(.change24h) {
            pipeline.member("price_change_percentage_24h", tick.priceChangePercentage24h)
        }
        if chosen.contains(.high24h) { pipeline.member("high_24h", tick.high24h) }
        if chosen.contains(.low24h) { pipeline.member("low_24h", tick.low24h) }
        if chosen.contains(.marketCapRank) { pipeline.member("market_cap_rank", tick.marketCapRank) }
        if chosen.contains(.identity) {
            pipeline.argument("coin_id")
            pipeline.argument(name.bytes[..<name.idCount])
            pipeline.argument("vs_currency")
            pipeline.argument(name.bytes[name.idCount...])
        }
        if chosen.contains(.symbol) { pipeline.member("symbol", tick.symbol, record) }
        if chosen.contains(.name) { pipeline.member("name", tick.name, record) }
        if chosen.contains(.source) {
            pipeline.argument("source")
            tick.withSource(in: record) { pipeline.argument($0) }
        }
    }

    /// Adds the command that puts a candle into its coin's history, and makes it the latest if it is newer.
    mutating func append(_ entry: CacheBatch.Candle, of batch: CacheBatch, to pipeline: inout RedisPipeline) {
        let candle = entry.value
        let name = batch.coins.names[entry.coin]
        let window = batch.coins.windows[entry.window].suffix
        pipeline.command("EVALSHA", arguments: 13 + Self.candleFieldCount * 2)
        pipeline.argument(candleHash.utf8.span)
        pipeline.argument(2)
        pipeline.argument(names.candle, name.suffix, window)
        pipeline.argument(names.candles, name.suffix, window)
        appendGuard(entry.version, to: &pipeline)
        if entry.isSilent {
            pipeline.argument("")
        } else {
            pipeline.argument(names.candles, name.suffix, window)
        }
        pipeline.argument(batch.bytes(of: entry.record))
        pipeline.argument(candle.windowStart.milliseconds)
        json.reset()
        candle.writeEntry(to: &json)
        pipeline.argument(json.bytes)
        pipeline.argument(Int64(kept(entry.value)))
        appendFields(.all, of: candle, to: &pipeline)
    }

    /// How many candles the history keeps of such; 0 for none, as of sliding windows: they repeat their minutes.
    func kept(_ candle: PriceAggregate) -> Int { candle.window == .tumbling ? keptCandles : 0 }

    /// Adds the command that says by how much the price has changed, when the minute is the latest.
    func appendMovers(_ minute: ClosedMinute, of batch: CacheBatch, to pipeline: inout RedisPipeline) {
        let name = batch.coins.names[minute.coin]
        let currency = batch.coins.currencies[name.currency].suffix
        pipeline.command("EVALSHA", arguments: 10)
        pipeline.argument(moversHash.utf8.span)
        pipeline.argument(3)
        pipeline.argument(names.candles, name.suffix, batch.coins.windows[0].suffix)
        pipeline.argument(names.movers, currency, Self.hour)
        pipeline.argument(names.movers, currency, Self.day)
        pipeline.argument(name.bytes[..<name.idCount])
        pipeline.argument(minute.start)
        pipeline.argument(minute.close)
        pipeline.argument(timeToLiveMilliseconds)
    }

    private static let hour = Array(Ranking.hour.end.utf8)
    private static let day = Array(Ranking.day.end.utf8)

    /// How many fields the hash of a candle has, but for `time_us` and `order`.
    static let candleFieldCount = 21

    /// Adds fields and values of a candle; an optional one that isn't chosen is left out.
    func appendFields(_ chosen: KnownCandle.Fields, of candle: PriceAggregate, to pipeline: inout RedisPipeline) {
        pipeline.member("window_start", candle.windowStart)
        pipeline.member("window_end", candle.windowEnd)
        pipeline.member("open", candle.open)
        pipeline.member("high", candle.high)
        pipeline.member("low", candle.low)
        pipeline.member("close", candle.close)
        pipeline.member("average", candle.average)
        pipeline.member("sample_count", candle.sampleCount)
        pipeline.member("revision", candle.revision)
        pipeline.argument("synthetic")
        pipeline.argument(candle.synthetic ? "true" : "false")
        pipeline.argument("partial")
        pipeline.argument(candle.partial ? "true" : "false")
        if chosen.contains(.tradeCount) { pipeline.member("trade_count", candle.tradeCount) }
        if chosen.contains(.volume) { pipeline.member("volume", candle.volume) }
        if chosen.contains(.quoteVolume) { pipeline.member("quote_volume", candle.quoteVolume) }
        if chosen.contains(.vwap) { pipeline.member("vwap", candle.vwap) }
        if chosen.contains(.totalVolume) { pipeline.member("total_volume", candle.totalVolume) }
        if chosen.contains(.firstTickAt) { pipeline.member("first_tick_at", candle.firstTickAt) }
        if chosen.contains(.lastTickAt) { pipeline.member("last_tick_at", candle.lastTickAt) }
        if chosen.contains(.identity) {
            pipeline.argument("coin_id")
            pipeline.argument(candle.coinID.utf8.span)
            pipeline.argument("vs_currency")
            pipeline.argument(candle.vsCurrency.utf8.span)
            pipeline.argument("window")
            pipeline.argument(candle.window.rawValue.utf8.span)
        }
    }

    /// Adds the command that keeps and publishes an alert if it is new.
    mutating func append(_ entry: CacheBatch.Alert, of batch: CacheBatch, to pipeline: inout RedisPipeline) {
        let alert = entry.value
        pipeline.command("EVALSHA", arguments: 9)
        pipeline.argument(alertHash.utf8.span)
        pipeline.argument(1)
        pipeline.argument(keys.alerts.utf8.span)
        pipeline.argument(alert.triggeredAt.milliseconds)
        pipeline.argument(Int64(keptAlerts))
        let coin = CoinKey(coinID: alert.coinID, vsCurrency: alert.vsCurrency)
        pipeline.argument((entry.isSilent ? "" : keys.alertChannel(coin)).utf8.span)
        pipeline.argument(batch.bytes(of: entry.record))
        pipeline.argument((entry.isSilent ? "" : keys.alerts).utf8.span)
    }

    /// How long positions and their owners live, in ms; 0 for ever. So long at least that a Cacher that works never finds
    /// one expired.
    var positionLife: Int64 {
        timeToLiveMilliseconds == 0 ? 0 : max(timeToLiveMilliseconds, Self.shortestLife)
    }

    private static let shortestLife: Int64 = 60_000

    private func appendGuard(_ version: CacheVersion, to pipeline: inout RedisPipeline) {
        pipeline.argument(version.timeMicroseconds)
        pipeline.argument(version.order)
        pipeline.argument(timeToLiveMilliseconds)
    }
}

/// A field of a hash and its value; what is unknown is empty.
extension RedisPipeline {
    fileprivate mutating func member(_ field: StaticString, _ text: JSONText?, _ record: Span<UInt8>) {
        argument(field)
        if let text {
            text.withUTF8(in: record) { argument($0) }
        } else {
            argument("")
        }
    }

    fileprivate mutating func member(_ field: StaticString, _ price: Price?) {
        argument(field)
        argument(orEmpty: price)
    }

    /// A price, or nothing.
    mutating func argument(orEmpty price: Price?) {
        if let price { argument(price) } else { argument("") }
    }

    fileprivate mutating func member(_ field: StaticString, _ time: EventTime?) {
        argument(field)
        if let time { argument(time) } else { argument("") }
    }

    fileprivate mutating func member(_ field: StaticString, _ number: Int?) {
        argument(field)
        if let number { argument(Int64(number)) } else { argument("") }
    }
}
