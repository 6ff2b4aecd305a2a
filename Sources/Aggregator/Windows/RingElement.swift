/// What a ``MergeRing`` can hold: what happened in a pane, which can be merged into what happened in several.
protocol RingElement: Sendable {
    /// The number of its pane, or of its block of panes; ``Pane/unused`` in a free slot.
    var index: Int64 { get set }

    /// Nothing has happened.
    init(index: Int64)

    /// Takes in what lies after it.
    mutating func append(_ later: Self)
}
