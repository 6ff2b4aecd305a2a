/// What one message of an exchange's feed says.
enum FeedEvent: Sendable, Hashable {
    /// A trade, new or told again.
    case trade(Trade)
    /// The connection lives. The newest trade's id, where the exchange says it (Coinbase), shows a trade that was never
    /// told.
    case heartbeat(product: Int?, lastID: Int64?)
    /// The exchange sends this product's trades from now on.
    case subscribed(product: Int)
    /// The exchange doesn't send this product's trades: it doesn't know the product, or has delisted it. What it will send
    /// at another try is ``failed(reason:endsConnection:)``.
    case refused(product: Int, reason: String)
    /// The exchange complains, and names no product; the connection is of no use when it says so.
    case failed(reason: String, endsConnection: Bool)
    /// A trade or answer of a product that nobody asked for, or a kind of message we don't know.
    case ignored(kind: String)
}
