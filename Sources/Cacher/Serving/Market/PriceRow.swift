import Shared

/// A coin's latest price, as the hash `price:…` has it: text, with every digit.
struct PriceRow {
    /// The fields, in the order in which they are asked for and written.
    static let fields = [
        "coin_id", "symbol", "name", "vs_currency", "price", "market_cap", "market_cap_rank", "total_volume",
        "high_24h", "low_24h", "price_change_percentage_24h", "timestamp", "ingested_at", "source", "size", "trade_id",
        "side",
    ]

    var coinID: String
    var symbol: String?
    var name: String?
    var vsCurrency: String
    var price: String
    var marketCap: String?
    var rank: Int?
    /// The source's volume of the last 24 hours.
    var volume: String?
    var high: String?
    var low: String?
    var change: String?
    var timestamp: String
    var ingestedAt: String?
    var source: String?
    /// Of the trade that the price is; none when it is only a price.
    var size: String?
    var tradeID: String?
    var side: String?

    /// Reads the answer to an `HMGET` of the ``fields``; nil when there is no such coin.
    init?(_ reply: RedisReply) {
        guard case .array(let elements) = reply, elements.count == Self.fields.count else { return nil }
        let texts = elements.map(\.text)
        guard let coinID = texts[0], let vsCurrency = texts[3], let price = texts[4], let timestamp = texts[11] else {
            return nil
        }
        (self.coinID, symbol, name, self.vsCurrency) = (coinID, texts[1], texts[2], vsCurrency)
        (self.price, marketCap, rank, volume) = (price, texts[5], texts[6].flatMap { Int($0) }, texts[7])
        (high, low, change, self.timestamp) = (texts[8], texts[9], texts[10], timestamp)
        (ingestedAt, source) = (texts[12], texts[13])
        (size, tradeID, side) = (texts[14], texts[15], texts[16])
    }

    /// Writes it as the API has it: decimals are texts, for an ordinary JavaScript parser rounds numbers.
    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("coin_id", coinID)
        json.member("symbol", optional: symbol)
        json.member("name", optional: name)
        json.member("vs_currency", vsCurrency)
        json.member("price", price)
        json.member("market_cap", optional: marketCap)
        json.member("market_cap_rank", rank)
        json.member("total_volume", optional: volume)
        json.member("high_24h", optional: high)
        json.member("low_24h", optional: low)
        json.member("price_change_percentage_24h", optional: change)
        json.member("timestamp", timestamp)
        json.member("ingested_at", optional: ingestedAt)
        json.member("source", optional: source)
        json.member("size", optional: size)
        json.member("trade_id", optional: tradeID)
        json.member("side", optional: side)
        json.endObject()
    }
}
