import Shared

/// One trade as an exchange told it.
struct Trade: Sendable, Hashable {
    /// The product's number: its place in ``Exchange/products``.
    var product: Int
    /// Rises by one from trade to trade of a product.
    var id: Int64
    /// The price of one base unit in the quote currency.
    var price: Price
    /// How much was traded, in base units.
    var size: Price
    /// The taker's side: `buy` when the taker bought.
    var side: TradeSide
    /// When the exchange matched it.
    var time: EventTime
}

/// Where a product's trades have got to.
struct TradePosition: Sendable, Hashable {
    /// The last trade's id.
    var id: Int64
    /// The last trade's time: Kraken's history is asked by time.
    var time: EventTime
}
