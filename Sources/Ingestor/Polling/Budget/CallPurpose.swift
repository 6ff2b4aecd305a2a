/// What a call to CoinGecko is for: polls go before history.
enum CallPurpose: String, Sendable, CaseIterable {
    /// A page of prices, or what polling needs besides.
    case poll
    /// A piece of history.
    case backfill
}
