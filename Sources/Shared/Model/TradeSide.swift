/// The side of a trade's taker, who met an order that stood in the book.
public enum TradeSide: String, Sendable, Hashable, CaseIterable {
    /// The taker bought.
    case buy
    /// The taker sold.
    case sell
}
