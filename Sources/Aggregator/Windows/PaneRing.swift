import Shared

/// The panes of one coin: a ring in which pane `n` has slot `n mod length`, and merged blocks of panes for long windows.
///
/// A block is merged when a window first needs it and forgotten when a late tick changes one of its panes. So closing
/// a window of n panes costs about 2√n merges, not n.
struct PaneRing: Sendable {
    private var panes: ContiguousArray<Pane>
    private var blocks: ContiguousArray<Pane>
    private let blockLength: Int64
    /// A pane's block is its number shifted right by this: the length is a power of two.
    private let blockShift: Int

    /// An empty ring.
    /// - Parameter length: how many slots; at least the plan's `ringLength`.
    init(plan: WindowPlan, length: Int) {
        panes = ContiguousArray(repeating: Pane(index: Pane.unused), count: length)
        blockLength = plan.blockLength
        blockShift = blockLength.trailingZeroBitCount
        blocks = ContiguousArray(repeating: Pane(index: Pane.unused), count: Self.blockCount(plan, length))
    }

    /// The bytes that a ring takes.
    static func byteCount(plan: WindowPlan, length: Int) -> Int {
        let arrayHeaders = 64
        return (length + blockCount(plan, length)) * MemoryLayout<Pane>.stride + arrayHeaders
    }

    private static func blockCount(_ plan: WindowPlan, _ length: Int) -> Int {
        plan.blockLength == 0 ? 0 : length / Int(plan.blockLength) + 2
    }

    /// The ring of a coin that has no panes yet; it takes no memory.
    static let empty = PaneRing()

    private init() {
        panes = []
        blocks = []
        blockLength = 0
        blockShift = 0
    }

    /// Whether it has no slots.
    var isEmpty: Bool {
        panes.isEmpty
    }

    /// The slot of a pane.
    func slot(of pane: Int64) -> Int {
        Self.wrap(pane, panes.count)
    }

    /// The pane in a slot, whichever it is.
    subscript(slot: Int) -> Pane {
        @inline(__always) _read { yield panes[slot] }
        @inline(__always) _modify { yield &panes[slot] }
    }

    /// How many slots there are.
    var slots: Range<Int> {
        panes.indices
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
        guard blockLength > 0 else { return }
        blocks[blockSlot(pane >> blockShift)].index = Pane.unused
    }

    /// The panes of a window as one.
    /// - Parameter window: numbers of panes that have all been closed, or that will not be merged again.
    mutating func merged(_ window: Range<Int64>) -> Pane {
        var result = Pane(index: window.lowerBound)
        var pane = window.lowerBound
        var slot = slot(of: pane)
        while pane < window.upperBound {
            if blockLength > 0, pane % blockLength == 0, pane + blockLength <= window.upperBound {
                result.append(block(pane >> blockShift))
                pane += blockLength
                slot = self.slot(of: pane)
            } else {
                if panes[slot].index == pane { result.append(panes[slot]) }
                pane += 1
                slot = slot + 1 == panes.count ? 0 : slot + 1
            }
        }
        return result
    }

    private mutating func block(_ number: Int64) -> Pane {
        let slot = blockSlot(number)
        if blocks[slot].index == number { return blocks[slot] }
        var result = Pane(index: number)
        for pane in number * blockLength..<(number + 1) * blockLength {
            let held = panes[self.slot(of: pane)]
            if held.index == pane { result.append(held) }
        }
        blocks[slot] = result
        return result
    }

    private func blockSlot(_ number: Int64) -> Int {
        Self.wrap(number, blocks.count)
    }

    /// The remainder that is never negative: panes before 1970 have negative numbers.
    private static func wrap(_ value: Int64, _ count: Int) -> Int {
        let remainder = Int(value % Int64(count))
        return remainder < 0 ? remainder + count : remainder
    }
}
