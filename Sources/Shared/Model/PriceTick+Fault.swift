/// What a valid tick is, for everybody who reads or writes one.
extension PriceTick {
    /// The source of ticks from CoinGecko. They are snapshots: the same observation may come again.
    @inlinable
    public static var coinGeckoSource: StaticString { "coingecko" }
    /// The source of ticks from CoinPaprika, snapshots too.
    @inlinable
    public static var coinPaprikaSource: StaticString { "coinpaprika" }

    /// The source of a tick that doesn't name its own.
    public static let unknownSource: StaticString = "unknown"

    /// Why the tick can't be used, or nil when it can: an id that is missing or longer than ``RecordLimit`` allows, a price
    /// or a size below zero or too large, a rank of more than 32 bits.
    public var fault: String? {
        if let fault = RecordLimit.fault("coin_id", coinID, atMost: RecordLimit.coinID) { return fault }
        if let fault = RecordLimit.fault("vs_currency", vsCurrency, atMost: RecordLimit.vsCurrency) { return fault }
        if symbol.utf8.count > RecordLimit.symbol { return "symbol has more than \(RecordLimit.symbol) bytes" }
        if name.utf8.count > RecordLimit.name { return "name has more than \(RecordLimit.name) bytes" }
        if let fault = RecordLimit.fault("source", optional: source, atMost: RecordLimit.source) { return fault }
        if price < .zero { return "price must not be negative" }
        if price >= RecordLimit.price { return "price must be below 10^20" }
        if let size, size < .zero { return "size must not be negative" }
        if let size, size >= RecordLimit.price { return "size must be below 10^20" }
        if let tradeID, let fault = RecordLimit.fault("trade_id", tradeID, atMost: RecordLimit.tradeID) { return fault }
        if let marketCapRank, Int32(exactly: marketCapRank) == nil { return "market_cap_rank is out of range" }
        return nil
    }
}
