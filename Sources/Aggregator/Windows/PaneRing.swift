import Shared

/// The panes of one coin, and beside them what was traded in each: memory that a coin takes only from its first trade on.
struct PaneRing: Sendable {
    private var panes = MergeRing<Pane>()
    private var trades = MergeRing<TradeSums>()

    /// An empty ring.
    /// - Parameter length: how many slots; at least the plan's `ringLength`.
    init(plan: WindowPlan, length: Int) {
        panes = MergeRing(plan: plan, length: length)
    }

    /// The bytes that the panes take.
    static func byteCount(plan: WindowPlan, length: Int) -> Int {
        MergeRing<Pane>.byteCount(plan: plan, length: length)
    }

    /// The bytes that what was traded takes.
    static func tradeByteCount(plan: WindowPlan, length: Int) -> Int {
        MergeRing<TradeSums>.byteCount(plan: plan, length: length)
    }

    /// The ring of a coin that has no panes yet; it takes no memory.
    static let empty = PaneRing()

    private init() {}

    /// Whether it has no slots.
    var isEmpty: Bool {
        panes.isEmpty
    }

    /// The slot of a pane.
    func slot(of pane: Int64) -> Int {
        panes.slot(of: pane)
    }

    /// The pane in a slot, whichever it is.
    subscript(slot: Int) -> Pane {
        @inline(__always) _read { yield panes[slot] }
        @inline(__always) _modify { yield &panes[slot] }
    }

    /// What adding a tick did to its pane.
    enum Added {
        /// Nothing: the sum would leave its range.
        case refused
        /// It is the pane's first change since the last drain.
        case firstChange
        /// The pane had changed already.
        case again
    }

    /// Adds a tick to a pane; what the slot held of an older pane is dropped.
    @inline(__always)
    mutating func add(_ tick: WindowTick, to pane: Int64, slot: Int, limit: Int128) -> Added {
        Self.add(tick, to: pane, held: &panes[slot], limit: limit)
    }

    private static func add(_ tick: WindowTick, to pane: Int64, held: inout Pane, limit: Int128) -> Added {
        if held.index != pane { replace(&held, by: pane) }
        let volume = tick.volume?.units
        guard held.add(price: tick.price.units, volume: volume, time: tick.time.microseconds, limit: limit) else {
            return .refused
        }
        return held.standing.insert(.dirty).inserted ? .firstChange : .again
    }

    /// Makes a slot hold a pane; what it held of an older one is dropped.
    mutating func claim(_ slot: Int, for pane: Int64) {
        if panes[slot].index != pane { Self.replace(&panes[slot], by: pane) }
    }

    /// Forgets the pane in a slot.
    mutating func free(_ slot: Int) {
        panes[slot].index = Pane.unused
        if hasTrades { trades[slot].index = Pane.unused }
    }

    /// Begins a pane in a slot. A newer pane is never overwritten: the ring is as long as panes are needed.
    private static func replace(_ held: inout Pane, by pane: Int64) {
        precondition(held.index < pane, "a slot holds a newer pane")
        held = Pane(index: pane)
    }

    /// The first pane with ticks after one and before another.
    func firstPaneWithTicks(after pane: Int64, before end: Int64) -> Int64? {
        var next = pane + 1
        while next < end {
            let held = panes[slot(of: next)]
            if held.index == next, held.count > 0 { return next }
            next += 1
        }
        return nil
    }

    /// A pane that was merged already has changed.
    mutating func invalidateBlock(of pane: Int64) {
        panes.invalidateBlock(of: pane)
        trades.invalidateBlock(of: pane)
    }

    /// The panes of a window as one.
    /// - Parameter window: numbers of panes that have all been closed, or that will not be merged again.
    mutating func merged(_ window: Range<Int64>) -> Pane {
        panes.merged(window)
    }

    // MARK: - Trades

    /// Whether there is room for trades.
    var hasTrades: Bool {
        !trades.isEmpty
    }

    /// Makes room for trades.
    mutating func makeRoomForTrades(plan: WindowPlan) {
        trades = MergeRing(plan: plan, length: panes.length)
    }

    /// What was traded in a pane; nil when nothing was.
    func trades(in pane: Int64, slot: Int) -> TradeSums? {
        guard hasTrades, trades[slot].index == pane, trades[slot].count > 0 else { return nil }
        return trades[slot]
    }

    /// Says what was traded in a pane. There must be room for trades.
    mutating func setTrades(_ sums: TradeSums, slot: Int) {
        trades[slot] = sums
    }

    /// What was traded in a window; nil when nothing was.
    /// - Parameter window: as for ``merged(_:)``.
    mutating func mergedTrades(_ window: Range<Int64>) -> TradeSums? {
        guard hasTrades else { return nil }
        let sums = trades.merged(window)
        return sums.count > 0 ? sums : nil
    }
}
