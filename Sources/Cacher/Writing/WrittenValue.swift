/// What a command in a transaction writes, so that its answer can be understood. Places are those in the batch.
enum WrittenValue: Sendable {
    /// A script about a tick, a candle, an alert.
    case price(Int)
    case candle(Int)
    case alert
    /// An HSET of a tick or of a candle that adds so many fields to its hash; nil when that doesn't matter.
    case ownedPrice(Int, added: Int?)
    case ownedCandle(Int, added: Int?)
    /// A ZADD into the index of a coin's currency.
    case index(coin: Int)
    /// A ZADD into the history of a candle's coin.
    case history(Int)
    /// A coin's open candle.
    case open(coin: Int)
    /// A position that is moved on.
    case position
    /// Something whose answer tells nothing.
    case other
}
