import Shared

/// What the windows need to know of a tick, besides its coin.
public struct WindowTick: Sendable, Hashable {
    /// The price.
    public var price: Price
    /// The rolling 24-hour volume that came with it.
    public var volume: Price?
    /// How much was traded, in base units; nil when the tick is no trade.
    public var size: Price?
    /// Event time.
    public var time: EventTime
    /// Whether the source sends snapshots, and so may send the same observation again (CoinGecko does).
    public var isSnapshot: Bool

    /// Makes a tick.
    public init(price: Price, volume: Price? = nil, size: Price? = nil, time: EventTime, isSnapshot: Bool = false) {
        self.price = price
        self.volume = volume
        self.size = size
        self.time = time
        self.isSnapshot = isSnapshot
    }
}
