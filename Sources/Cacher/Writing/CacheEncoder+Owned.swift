import Shared

/// Commands of a writer that owns the partitions and so knows what their keys hold: no script compares again, and what
/// hasn't changed isn't sent. They stand in a transaction that is carried out only while the writer still is the owner.
extension CacheEncoder {
    /// Adds the commands that make a tick its coin's latest price.
    /// - Parameters:
    ///   - place: the tick's place in the batch.
    ///   - known: what the hash holds; nil when all of it has to be written.
    ///   - renewal: when the time to live is set the next time, if now it has to be.
    ///   - isSilent: it is not published.
    mutating func appendOwned(
        _ place: Int,
        of batch: CacheBatch,
        known: KnownPrice?,
        renews: Bool,
        isSilent: Bool,
        to pipeline: inout RedisPipeline,
        _ contents: inout [WrittenValue]
    ) -> KnownPrice.Fields {
        let entry = batch.ticks[place]
        let record = batch.bytes(of: entry.record)
        let present = entry.tick.fields
        let changed = known?.changes(to: entry.tick, in: record) ?? present
        let absent = known.map { $0.fields.subtracting(present) } ?? KnownPrice.Fields.all.subtracting(present)
        let added = known.map { present.subtracting($0.fields).count }
        let names = self.names
        let table = batch.coins
        let (coin, currency) = (entry.coin, table.names[entry.coin].currency)
        let fieldCount = 5 + changed.count + (changed.contains(.identity) ? 1 : 0)
        pipeline.command("HSET", arguments: 2 + fieldCount * 2)
        pipeline.argument(names.price, table.names[coin].suffix)
        pipeline.argument("time_us")
        pipeline.argument(entry.version.timeMicroseconds)
        pipeline.argument("order")
        pipeline.argument(entry.version.order)
        appendFields(changed, of: entry, table.names[coin], record, to: &pipeline)
        contents.append(.ownedPrice(place, added: added))
        if !absent.isEmpty {
            pipeline.command("HDEL", arguments: 2 + absent.count)
            pipeline.argument(names.price, table.names[coin].suffix)
            for (field, name) in Self.optionalNames where absent.contains(field) { pipeline.argument(name) }
            contents.append(.other)
        }
        if changed.contains(.marketCapRank) || absent.contains(.marketCapRank) {
            pipeline.command("ZADD", arguments: 4)
            pipeline.argument(names.coins, table.currencies[currency].suffix)
            if let rank = entry.tick.marketCapRank {
                pipeline.argument(Int64(rank))
            } else {
                pipeline.argument("inf")
            }
            pipeline.argument(table.names[coin].bytes[..<table.names[coin].idCount])
            contents.append(.index(coin: coin))
        }
        let figures: KnownPrice.Fields = [.marketCap, .totalVolume]
        if !changed.union(absent).isDisjoint(with: figures) {
            for (field, name, value) in [
                (KnownPrice.Fields.marketCap, names.marketCap, entry.tick.marketCap),
                (.totalVolume, names.volume, entry.tick.totalVolume),
            ] where changed.contains(field) || absent.contains(field) {
                pipeline.command(value == nil ? "ZREM" : "ZADD", arguments: value == nil ? 3 : 4)
                pipeline.argument(name, table.currencies[currency].suffix)
                if let value { pipeline.argument(value) }
                pipeline.argument(table.names[coin].bytes[..<table.names[coin].idCount])
                contents.append(.index(coin: coin))
            }
        }
        if renews {
            pipeline.command("PEXPIRE", arguments: 3)
            pipeline.argument(names.price, table.names[coin].suffix)
            pipeline.argument(timeToLiveMilliseconds)
            contents.append(.other)
            for name in [names.coins, names.marketCap, names.volume] {
                pipeline.command("PEXPIRE", arguments: 3)
                pipeline.argument(name, table.currencies[currency].suffix)
                pipeline.argument(timeToLiveMilliseconds)
                contents.append(.other)
            }
        }
        if !isSilent {
            pipeline.command("PUBLISH", arguments: 3)
            pipeline.argument(names.prices, table.names[coin].suffix)
            pipeline.argument(record)
            contents.append(.other)
        }
        return changed
    }

    /// The names of the fields that may be missing.
    private static let optionalNames: [(KnownPrice.Fields, StaticString)] = [
        (.size, "size"), (.tradeID, "trade_id"), (.side, "side"), (.marketCap, "market_cap"),
        (.marketCapRank, "market_cap_rank"), (.totalVolume, "total_volume"), (.high24h, "high_24h"),
        (.low24h, "low_24h"), (.change24h, "price_change_percentage_24h"), (.symbol, "symbol"), (.name, "name"),
    ]

    /// Adds the commands that put a candle behind all others of its coin's history, and make it the latest.
    /// - Parameters:
    ///   - place: the candle's place in the batch.
    ///   - isLast: no later one of its coin is in the batch: only that is written into the hash.
    ///   - known: what the hash holds.
    ///   - renews: the time to live has to be set.
    mutating func appendOwned(
        candle place: Int,
        of batch: CacheBatch,
        isLast: Bool,
        known: KnownCandle,
        renews: Bool,
        to pipeline: inout RedisPipeline,
        _ contents: inout [WrittenValue]
    ) {
        let entry = batch.candles[place]
        let suffix = batch.coins.names[entry.coin].suffix
        let window = batch.coins.windows[entry.window].suffix
        if kept(entry.value) > 0 {
            pipeline.command("ZADD", arguments: 4)
            pipeline.argument(names.candles, suffix, window)
            pipeline.argument(entry.value.windowStart.milliseconds)
            json.reset()
            entry.value.writeEntry(to: &json)
            pipeline.argument(json.bytes)
            contents.append(.history(place))
        }
        if isLast { appendLast(entry, place, suffix, window, known, renews, to: &pipeline, &contents) }
        if !entry.isSilent {
            pipeline.command("PUBLISH", arguments: 3)
            pipeline.argument(names.candles, suffix, window)
            pipeline.argument(batch.bytes(of: entry.record))
            contents.append(.other)
        }
    }

    /// Adds the commands that write the hash of a candle anew, of which somebody has deleted fields.
    func appendWhole(
        candle place: Int,
        of batch: CacheBatch,
        to pipeline: inout RedisPipeline,
        _ contents: inout [WrittenValue]
    ) {
        let entry = batch.candles[place]
        let suffix = batch.coins.names[entry.coin].suffix
        let window = batch.coins.windows[entry.window].suffix
        let present = entry.value.fields
        pipeline.command("HSET", arguments: 2 + (2 + 11 + present.count + 2) * 2)
        pipeline.argument(names.candle, suffix, window)
        pipeline.argument("time_us")
        pipeline.argument(entry.version.timeMicroseconds)
        pipeline.argument("order")
        pipeline.argument(entry.version.order)
        appendFields(present, of: entry.value, to: &pipeline)
        contents.append(.ownedCandle(place, added: nil))
        if timeToLiveMilliseconds > 0 {
            pipeline.command("PEXPIRE", arguments: 3)
            pipeline.argument(names.candle, suffix, window)
            pipeline.argument(timeToLiveMilliseconds)
            contents.append(.other)
        }
    }

    private func appendLast(
        _ entry: CacheBatch.Candle,
        _ place: Int,
        _ suffix: [UInt8],
        _ window: [UInt8],
        _ known: KnownCandle,
        _ renews: Bool,
        to pipeline: inout RedisPipeline,
        _ contents: inout [WrittenValue]
    ) {
        let present = entry.value.fields
        let absent = known.fields.subtracting(present)
        let sent = present.subtracting(.identity)
        pipeline.command("HSET", arguments: 2 + (2 + 11 + sent.count) * 2)
        pipeline.argument(names.candle, suffix, window)
        pipeline.argument("time_us")
        pipeline.argument(entry.version.timeMicroseconds)
        pipeline.argument("order")
        pipeline.argument(entry.version.order)
        appendFields(sent, of: entry.value, to: &pipeline)
        contents.append(.ownedCandle(place, added: present.subtracting(known.fields).count))
        if !absent.isEmpty {
            pipeline.command("HDEL", arguments: 2 + absent.count)
            pipeline.argument(names.candle, suffix, window)
            for (field, name) in Self.optionalCandleNames where absent.contains(field) { pipeline.argument(name) }
            contents.append(.other)
        }
        if kept(entry.value) > 0 {
            pipeline.command("ZREMRANGEBYRANK", arguments: 4)
            pipeline.argument(names.candles, suffix, window)
            pipeline.argument(0)
            pipeline.argument(Int64(-1 - keptCandles))
            contents.append(.other)
        }
        if renews {
            for kind in [names.candle, names.candles] {
                pipeline.command("PEXPIRE", arguments: 3)
                pipeline.argument(kind, suffix, window)
                pipeline.argument(timeToLiveMilliseconds)
                contents.append(.other)
            }
        }
    }

    private static let optionalCandleNames: [(KnownCandle.Fields, StaticString)] = [
        (.tradeCount, "trade_count"), (.volume, "volume"), (.quoteVolume, "quote_volume"), (.vwap, "vwap"),
        (.totalVolume, "total_volume"), (.firstTickAt, "first_tick_at"), (.lastTickAt, "last_tick_at"),
    ]
}
