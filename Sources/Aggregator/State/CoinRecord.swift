import Shared

/// What a coin leaves behind when its panes are gone.
public struct CoinRecord: Sendable, Hashable {
    /// The largest event time taken in.
    public var lastEventTime: EventTime?
    /// The latest close among closed panes.
    public var close: Price?
    /// The 24-hour volume that came with it.
    public var volume: Price?
    /// Whether there were trades in its pane.
    public var hasTrades = false
    /// Its event time.
    public var closeTime: EventTime?
    /// Windows of the coin that start before this instant may lack ticks.
    public var completeFrom: EventTime?
}
