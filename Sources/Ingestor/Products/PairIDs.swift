/// What `coin_id` of an exchange's ticks is.
enum PairIDs: String, Sendable, Hashable, CaseIterable {
    /// CoinGecko's id, so that all sources of a coin make one candle.
    case coingecko
    /// An id of the product on its exchange, such as `btc-usd@kraken`, so that each exchange has candles of its own.
    case exchange
}
