import Shared

/// A point of a coin's history.
struct HistoryPoint: Sendable, Hashable {
    /// When the price was true.
    var time: EventTime
    /// The price.
    var price: Price
    /// Market capitalisation, if it is known.
    var marketCap: Price?
    /// The rolling 24-hour volume, if it is known.
    var totalVolume: Price?

    /// The tick that it makes.
    func tick(of series: HistorySeries, ingestedAt: EventTime) -> PriceTick {
        PriceTick(
            coinID: series.coin.id,
            symbol: series.coin.symbol,
            name: series.coin.name,
            vsCurrency: series.vsCurrency,
            price: price,
            marketCap: marketCap,
            totalVolume: totalVolume,
            timestamp: time,
            ingestedAt: ingestedAt,
            source: "coingecko-history"
        )
    }
}
