import Shared

/// Turns what Redis publishes into updates.
struct UpdateDecoder {
    /// Every channel that the Cacher publishes to, as patterns for `PSUBSCRIBE`.
    let patterns: [String]
    private let prefix: String
    private var json = JSONWriter()

    /// - Parameter prefix: `CACHER_KEY_PREFIX`.
    init(prefix: String) {
        self.prefix = prefix
        let literal = GlobPattern.literal(prefix)
        patterns = ["prices:*", "candles:*:1m", "alerts:*"].map { literal + $0 }
    }

    /// Decodes a message; nil when it is none of the Cacher's.
    mutating func decode(channel: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer) -> StreamUpdate? {
        let bytes = Span(_unsafeElements: payload.assumingMemoryBound(to: UInt8.self))
        guard channel.starts(with: prefix.utf8) else { return nil }
        let name = channel.dropFirst(prefix.utf8.count)
        json.reset()
        do throws(JSONError) {
            if name.starts(with: "prices:".utf8) {
                let tick = try PriceTick(json: bytes)
                tick.writeUpdate(to: &json)
                return update(.price, CoinKey(coinID: tick.coinID, vsCurrency: tick.vsCurrency))
            }
            if name.starts(with: "candles:".utf8) {
                let window = try PriceAggregate(json: bytes)
                window.writeUpdate(to: &json)
                return update(.candle, CoinKey(coinID: window.coinID, vsCurrency: window.vsCurrency))
            }
            let alert = try PriceAlert(json: bytes)
            alert.writeDecimals(to: &json)
            return update(.alert, CoinKey(coinID: alert.coinID, vsCurrency: alert.vsCurrency))
        } catch {
            return nil
        }
    }

    private func update(_ kind: StreamKind, _ coin: CoinKey) -> StreamUpdate {
        StreamUpdate(kind: kind, coin: coin, data: json.withUnsafeBytes { [UInt8]($0) })
    }
}

extension PriceTick {
    /// Writes what changes: who a coin is, and where the price came from, `/v1/prices` says.
    fileprivate func writeUpdate(to json: inout JSONWriter) {
        json.beginObject()
        json.member("coin_id", coinID)
        json.member("vs_currency", vsCurrency)
        json.member("price", decimal: price)
        json.member("timestamp", timestamp)
        json.member("size", decimal: size)
        json.member("trade_id", optional: tradeID)
        json.member("side", optional: side?.rawValue)
        json.member("market_cap", decimal: marketCap)
        json.member("market_cap_rank", marketCapRank)
        json.member("total_volume", decimal: totalVolume)
        json.member("high_24h", decimal: high24h)
        json.member("low_24h", decimal: low24h)
        json.member("price_change_percentage_24h", decimal: priceChangePercentage24h)
        json.endObject()
    }
}

extension PriceAggregate {
    /// Writes it like a candle of `/v1/candles`.
    fileprivate func writeUpdate(to json: inout JSONWriter) {
        json.beginObject()
        json.member("coin_id", coinID)
        json.member("vs_currency", vsCurrency)
        json.member("interval", CandleInterval.minute.rawValue)
        Candle(self).writeMembers(to: &json)
        json.endObject()
    }
}
