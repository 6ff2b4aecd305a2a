import Shared

/// What changed since the last drain, by number: the values are read when it is drained, so that a pane which took a
/// thousand ticks in one transaction is written once. A number is given to another coin only after that.
struct StateChanges: Sendable {
    /// A pane of a coin.
    struct PaneChange: Sendable {
        var coin: Int
        var pane: Int64
    }

    /// Panes with a new value.
    var panes = ContiguousArray<PaneChange>()
    /// Panes the changelog holds and nobody needs any more.
    var gone = ContiguousArray<PaneChange>()
    /// Coins with a new record.
    var coins = ContiguousArray<Int>()
    /// Coins that may have left.
    var leaving = ContiguousArray<Int>()

    /// Whether there is nothing to write.
    var isEmpty: Bool {
        panes.isEmpty && gone.isEmpty && coins.isEmpty && leaving.isEmpty
    }

    /// Forgets everything, but keeps the memory.
    mutating func removeAll() {
        panes.removeAll(keepingCapacity: true)
        gone.removeAll(keepingCapacity: true)
        coins.removeAll(keepingCapacity: true)
        leaving.removeAll(keepingCapacity: true)
    }
}
