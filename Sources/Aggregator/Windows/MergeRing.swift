import Shared

/// A ring in which pane `n` has slot `n mod length`, and merged blocks of panes for long windows.
///
/// A block is merged when a window first needs it and forgotten when a late tick changes one of its panes. So closing
/// a window of n panes costs about 2√n merges, not n.
struct MergeRing<Element: RingElement>: Sendable {
    /// The slots, and behind them those of the blocks.
    private var elements: ContiguousArray<Element>
    private let slotCount: Int32
    /// How many panes a block has, a power of two; 0 when there are none.
    private let blockLength: Int32

    /// An empty ring.
    /// - Parameter length: how many slots; at least the plan's `ringLength`.
    init(plan: WindowPlan, length: Int) {
        slotCount = Int32(length)
        blockLength = Int32(plan.blockLength)
        let count = length + Self.blockCount(plan, length)
        elements = ContiguousArray(repeating: Element(index: Pane.unused), count: count)
    }

    /// A ring without slots; it takes no memory.
    init() {
        elements = []
        slotCount = 0
        blockLength = 0
    }

    /// The bytes that a ring takes.
    static func byteCount(plan: WindowPlan, length: Int) -> Int {
        let arrayHeader = 32
        return (length + blockCount(plan, length)) * MemoryLayout<Element>.stride + arrayHeader
    }

    private static func blockCount(_ plan: WindowPlan, _ length: Int) -> Int {
        plan.blockLength == 0 ? 0 : length / Int(plan.blockLength) + 2
    }

    /// Whether it has no slots.
    var isEmpty: Bool {
        slotCount == 0
    }

    /// How many slots it has.
    var length: Int {
        Int(slotCount)
    }

    /// The slot of a pane.
    func slot(of pane: Int64) -> Int {
        Self.wrap(pane, Int(slotCount))
    }

    /// What a slot holds, of whichever pane it is.
    subscript(slot: Int) -> Element {
        @inline(__always) _read { yield elements[slot] }
        @inline(__always) _modify { yield &elements[slot] }
    }

    /// A pane that was merged already has changed.
    mutating func invalidateBlock(of pane: Int64) {
        guard blockLength > 0 else { return }
        elements[blockSlot(pane >> blockShift)].index = Pane.unused
    }

    /// The panes of a window as one.
    /// - Parameter window: numbers of panes that have all been closed, or that will not be merged again.
    mutating func merged(_ window: Range<Int64>) -> Element {
        var result = Element(index: window.lowerBound)
        let blockLength = Int64(blockLength)
        var pane = window.lowerBound
        var slot = slot(of: pane)
        while pane < window.upperBound {
            if blockLength > 0, pane % blockLength == 0, pane + blockLength <= window.upperBound {
                result.append(block(pane >> blockShift))
                pane += blockLength
                slot = self.slot(of: pane)
            } else {
                if elements[slot].index == pane { result.append(elements[slot]) }
                pane += 1
                slot = slot + 1 == Int(slotCount) ? 0 : slot + 1
            }
        }
        return result
    }

    private mutating func block(_ number: Int64) -> Element {
        let slot = blockSlot(number)
        if elements[slot].index == number { return elements[slot] }
        var result = Element(index: number)
        for pane in number << blockShift..<(number + 1) << blockShift {
            let held = self.slot(of: pane)
            if elements[held].index == pane { result.append(elements[held]) }
        }
        elements[slot] = result
        return result
    }

    /// A pane's block is its number shifted right by this.
    private var blockShift: Int {
        blockLength.trailingZeroBitCount
    }

    private func blockSlot(_ number: Int64) -> Int {
        Int(slotCount) + Self.wrap(number, elements.count - Int(slotCount))
    }

    /// The remainder that is never negative: panes before 1970 have negative numbers.
    private static func wrap(_ value: Int64, _ count: Int) -> Int {
        let remainder = Int(value % Int64(count))
        return remainder < 0 ? remainder + count : remainder
    }
}
