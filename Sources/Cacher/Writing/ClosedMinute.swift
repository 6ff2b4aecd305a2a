import Shared

/// What the change of a coin's price over the last hour and day is reckoned from: its latest closed minute.
struct ClosedMinute: Hashable {
    /// The coin's number.
    var coin: Int
    /// The minute's first instant, in ms since 1970.
    var start: Int64
    /// Its last price.
    var close: Price
}
