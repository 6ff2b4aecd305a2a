/// What a stream carries.
enum StreamKind: String, CaseIterable {
    /// A coin's latest price.
    case price
    /// A closed minute, or a revision of one.
    case candle
    /// A rule that fired.
    case alert
}
