/// What one call asks for: a coin in a currency.
struct HistorySeries: Sendable, Hashable {
    /// The coin.
    var coin: CoinName
    /// The currency.
    var vsCurrency: String
}
