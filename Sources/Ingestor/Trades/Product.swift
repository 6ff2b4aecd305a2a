/// What an exchange trades, and what Tickline calls it.
struct Product: Sendable, Hashable {
    /// The exchange's own name in its feed: `BTC-USD`, `BTC/USD`, `BTCUSDT`.
    var name: String
    /// The tick's `coin_id`: CoinGecko's id, or with `INGESTOR_PAIR_IDS=exchange` one such as `btc-usd@kraken`.
    var coinID: String
    /// The tick's `symbol`, in lower case: `btc`.
    var symbol: String
    /// The tick's `name`: `Bitcoin`; empty when the table doesn't say.
    var coinName: String
    /// The tick's `vs_currency`, in lower case: `usd`. Tether is `usdt`, never `usd`.
    var vsCurrency: String
}
