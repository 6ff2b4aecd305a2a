import Shared

/// The last trade of each product that is in `prices.raw`: where a feed goes on.
struct TradePositions: Sendable {
    private struct Key: Hashable {
        var source: String
        var coin: CoinKey
    }

    private var positions: [Key: TradePosition] = [:]

    /// Takes a tick of the topic over; what has no numeric `trade_id` is passed over.
    mutating func restore(_ tick: PriceTick) {
        guard let id = tick.tradeID.flatMap({ Int64($0) }), id >= 0 else { return }
        let key = Key(source: tick.source, coin: CoinKey(coinID: tick.coinID, vsCurrency: tick.vsCurrency))
        if let known = positions[key], known.id >= id { return }
        positions[key] = TradePosition(id: id, time: tick.timestamp)
    }

    /// Where a product's trades go on; nil when none was found.
    func position(of product: Product, at exchange: String) -> TradePosition? {
        positions[Key(source: exchange, coin: CoinKey(coinID: product.coinID, vsCurrency: product.vsCurrency))]
    }
}
