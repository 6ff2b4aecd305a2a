import Shared

/// What the windows have to say since the last time somebody listened; reused, so that a tick allocates nothing.
public struct WindowOutput: Sendable {
    /// Results, in the order in which they came to be.
    public internal(set) var results = ContiguousArray<WindowResult>()
    /// Rules that fired.
    public internal(set) var alerts = ContiguousArray<PriceAlert>()

    /// Nothing yet.
    public init() {}

    /// Whether there is nothing to write.
    public var isEmpty: Bool {
        results.isEmpty && alerts.isEmpty
    }

    /// Forgets everything, but keeps the memory.
    public mutating func removeAll() {
        results.removeAll(keepingCapacity: true)
        alerts.removeAll(keepingCapacity: true)
    }
}

/// One result of one window of one coin. `Partition` makes a `PriceAggregate` of it.
public struct WindowResult: Sendable, Hashable {
    /// The coin's number.
    var coin: Int
    /// The window's place in the plan.
    var window: Int
    /// The pane boundary at which the window ends.
    var end: Int64
    /// The panes of the window as one.
    var summary: Pane
    /// What was traded in it; nil when no tick of it had a size.
    var trades: TradeSums?
    /// How often the window was emitted before.
    var revision: UInt32
    /// A tick within the allowed lateness made it: the window had been closed before.
    var isRevision: Bool
    /// Nothing happened in it; the summary holds the previous close.
    var isSynthetic: Bool
    /// It may lack ticks.
    var isPartial: Bool
}
