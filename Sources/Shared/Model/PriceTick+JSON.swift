/// The JSON of `prices.raw`: see ``ScannedTick`` for the reading without strings.
extension PriceTick {
    /// The keys, in the order in which they are written.
    enum Field: String, CaseIterable, Sendable {
        case coinID = "coin_id"
        case symbol
        case name
        case vsCurrency = "vs_currency"
        case price
        case size
        case tradeID = "trade_id"
        case side
        case marketCap = "market_cap"
        case marketCapRank = "market_cap_rank"
        case totalVolume = "total_volume"
        case high24h = "high_24h"
        case low24h = "low_24h"
        case priceChangePercentage24h = "price_change_percentage_24h"
        case timestamp
        case ingestedAt = "ingested_at"
        case source
    }

    static let fields = JSONFields<Field>(required: [.coinID, .vsCurrency, .price, .timestamp])

    /// Reads a tick, which is then valid: unknown fields are ignored, `null` is the same as an optional field that
    /// isn't there.
    /// - Parameter recordTime: when the record was written, for a tick that doesn't say when it was received.
    /// - Throws: ``JSONError`` when the bytes aren't one JSON object of that shape, or the tick has a ``fault``.
    public init(json: Span<UInt8>, recordTime: EventTime? = nil) throws(JSONError) {
        self = try ScannedTick(json: json).tick(in: json, recordTime: recordTime)
    }

    /// Writes the tick as one JSON object; fields without a value are left out.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("coin_id", coinID)
        if !symbol.isEmpty { writer.member("symbol", symbol) }
        if !name.isEmpty { writer.member("name", name) }
        writer.member("vs_currency", vsCurrency)
        writer.member("price", price)
        writer.member("size", size)
        if let tradeID { writer.member("trade_id", tradeID) }
        if let side { writer.member("side", side.rawValue) }
        writer.member("market_cap", marketCap)
        writer.member("market_cap_rank", marketCapRank)
        writer.member("total_volume", totalVolume)
        writer.member("high_24h", high24h)
        writer.member("low_24h", low24h)
        writer.member("price_change_percentage_24h", priceChangePercentage24h)
        writer.member("timestamp", timestamp)
        writer.member("ingested_at", ingestedAt)
        writer.member("source", source)
        writer.endObject()
    }
}
