import Shared

/// What a tick says about its coin that isn't a price: goes into `cryptocurrencies` and `quoted_pairs`.
struct CoinDescription: Sendable, Equatable {
    /// The record that said it; if that record is refused, so is the description.
    let offset: Int64
    /// The coin.
    let coinID: String
    /// Its ticker symbol; empty when the tick doesn't say.
    let symbol: String
    /// Its display name; empty when the tick doesn't say.
    let name: String
    /// The currency of the tick.
    let vsCurrency: String
    /// Event time of the tick.
    let time: EventTime
}
