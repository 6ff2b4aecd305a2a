import Shared

/// A question about the market that Redis has the answer to.
enum APIRequest: Hashable {
    /// The coins of a currency, in an order.
    case prices(vs: ByteText, sort: PriceOrder, limit: Int)
    /// One coin.
    case price(CoinKey)
    /// A coin's candles.
    case candles(CandleQuery)
    /// The last hour of some coins in one currency.
    case sparklines(vs: ByteText, coins: Set<ByteText>)
    /// The coins that rose and fell most.
    case movers(vs: ByteText, limit: Int)
    /// The latest alerts, of some coins or of all.
    case alerts(coins: Set<ByteText>?, limit: Int)
    /// How the pipeline is.
    case status
}
