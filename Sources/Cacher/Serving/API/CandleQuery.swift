import Shared

/// Which candles of a coin are wanted.
struct CandleQuery: Hashable {
    /// How many candles at most one answer has.
    static let maximumCount = 1_500

    /// The coin.
    var coin: CoinKey
    /// How long each is.
    var interval: CandleInterval
    /// The first instant that is wanted; nil for everything that is kept.
    var from: EventTime?
    /// The first instant that is no longer wanted; nil for everything up to now.
    var until: EventTime?
    /// How many at most: the newest.
    var limit: Int
}
