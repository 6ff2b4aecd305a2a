import Shared

/// The market as Redis has it: every read that the API needs, on one connection. It belongs to the thread that made it.
final class RedisMarket {
    /// How many coins of a currency are looked at, the largest: for the orders of `/v1/prices`, and for the movers.
    static let maximumCoins = 2_000
    /// How many minutes one question may read.
    static let maximumMinutes = 20_000
    /// How many alerts are looked at, the latest.
    static let maximumAlerts = 1_000
    /// How long the coins of a currency are used again.
    static let snapshotLifetime = Duration.seconds(1)
    /// Of how many currencies they are kept.
    static let maximumSnapshots = 16

    private let url: RedisURL
    private let timeout: Duration
    private let keys: CacheKeys
    private var connection: RedisConnection?
    private var snapshots: [ByteText: (market: MarketSnapshot, at: ContinuousClock.Instant)] = [:]

    /// Nothing is connected yet.
    init(url: RedisURL, timeout: Duration, keys: CacheKeys) {
        (self.url, self.timeout, self.keys) = (url, timeout, keys)
    }

    /// The coins of a currency by rank.
    func snapshot(of currency: ByteText) throws(RedisError) -> MarketSnapshot {
        let now = ContinuousClock.now
        if let kept = snapshots[currency], kept.at.duration(to: now) < Self.snapshotLifetime { return kept.market }
        let coins = try list(["ZRANGE", keys.coins(in: currency.text), "0", String(Self.maximumCoins - 1)])
        var pipeline = RedisPipeline()
        for coin in coins {
            let id = String(decoding: coin, as: UTF8.self)
            pipeline.fields(PriceRow.fields, of: keys.price(CoinKey(coinID: id, vsCurrency: currency.text)))
        }
        let market = MarketSnapshot(rows: try run(&pipeline).compactMap { PriceRow($0) })
        if snapshots.count >= Self.maximumSnapshots { snapshots.removeAll() }
        snapshots[currency] = (market, now)
        return market
    }

    /// One coin; nil when there is no such coin.
    func price(of coin: CoinKey) throws(RedisError) -> PriceRow? {
        var pipeline = RedisPipeline()
        pipeline.fields(PriceRow.fields, of: keys.price(coin))
        return try run(&pipeline).first.flatMap { PriceRow($0) }
    }

    /// A coin's candles; nil when there is no such coin.
    func candles(_ query: CandleQuery) throws(RedisError) -> [Candle]? {
        let (key, interval) = (keys.candles(query.coin), query.interval)
        // Whole candles: a longer one that begins before `from` or ends after `to` is read whole.
        let first = query.from.map { String(interval.start(of: $0.roundedUp)) } ?? "-inf"
        let last =
            query.until.map { String(interval.start(of: $0.roundedUp - 1) + interval.milliseconds - 1) } ?? "+inf"
        // One more than is wanted: the oldest may be cut off in its middle.
        let count = min((query.limit + 1) * interval.minutes, Self.maximumMinutes)
        var pipeline = RedisPipeline()
        pipeline.command("ZREVRANGEBYSCORE")
        for argument in [key, last, first, "LIMIT", "0", String(count)] { pipeline.append(argument) }
        pipeline.command("ZREVRANGE")
        for argument in [key, "0", "0"] { pipeline.append(argument) }
        pipeline.command("EXISTS")
        pipeline.append(keys.price(query.coin))
        let replies = try run(&pipeline)
        guard replies.count == 3 else { return [] }
        let entries = replies[0].strings.compactMap { CandleEntry(json: $0) }
        guard let newest = replies[1].strings.first.flatMap({ CandleEntry(json: $0) }) else {
            return replies[2] == .integer(1) ? [] : nil
        }
        var candles = Candle.merge(entries.reversed(), interval: interval, newest: newest.start)
        if entries.count == count, candles.count > 1 { candles.removeFirst() }
        return Array(candles.suffix(query.limit))
    }

    /// The closes of the last hour of each coin that has any, with the start of the first minute in milliseconds.
    func sparklines(of coins: [CoinKey]) throws(RedisError) -> [(coin: CoinKey, from: Int64, closes: [Price])] {
        var pipeline = RedisPipeline()
        for coin in coins {
            pipeline.command("ZRANGE")
            for argument in [keys.candles(coin), "-60", "-1"] { pipeline.append(argument) }
        }
        return zip(coins, try run(&pipeline)).compactMap { coin, reply in
            let entries = reply.strings.compactMap { CandleEntry(json: $0) }
            guard let newest = entries.last else { return nil }
            let lastHour = entries.filter { newest.start - $0.start < 3_600_000 }
            return (coin, lastHour.first?.start ?? newest.start, lastHour.map(\.close))
        }
    }

    /// The latest alerts, newest first.
    func alerts() throws(RedisError) -> [PriceAlert] {
        try list(["ZREVRANGE", keys.alerts, "0", String(Self.maximumAlerts - 1)]).compactMap { bytes in
            try? PriceAlert(json: bytes.span)
        }
    }

    /// What the Cacher wrote about its partitions: `topic:partition` and the JSON, in any order.
    func freshness() throws(RedisError) -> [(field: String, json: [UInt8])] {
        let words = try list(["HGETALL", keys.freshness])
        return stride(from: 0, to: words.count - 1, by: 2).map {
            (String(decoding: words[$0], as: UTF8.self), words[$0 + 1])
        }
    }

    /// Drops the connection, after an error.
    func disconnect() {
        connection = nil
    }

    private func list(_ command: [String]) throws(RedisError) -> [[UInt8]] {
        var pipeline = RedisPipeline()
        pipeline.command(command[0])
        for argument in command.dropFirst() { pipeline.append(argument) }
        return try run(&pipeline).first?.strings ?? []
    }

    /// Runs the commands; an answer that is an error is thrown.
    private func run(_ pipeline: inout RedisPipeline) throws(RedisError) -> [RedisReply] {
        if connection == nil { connection = try RedisConnection(to: url, timeout: timeout) }
        return try connection?.replies(to: &pipeline) ?? []
    }
}

extension RedisPipeline {
    /// Asks for fields of a hash.
    fileprivate mutating func fields(_ fields: [String], of key: String) {
        command("HMGET")
        append(key)
        for field in fields { append(field) }
    }
}

extension RedisReply {
    /// The strings of a list; empty when it is none.
    fileprivate var strings: [[UInt8]] {
        guard case .array(let elements) = self else { return [] }
        return elements.compactMap { if case .string(let bytes) = $0 { bytes } else { nil } }
    }
}

extension EventTime {
    /// Milliseconds since 1970, rounded up: the bounds of a question are those of whole milliseconds.
    fileprivate var roundedUp: Int64 {
        milliseconds + (microseconds % 1_000 == 0 ? 0 : 1)
    }
}
