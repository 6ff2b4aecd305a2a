import Shared

/// What was traded of one coin in one pane, or, merged, in one window: the ticks that have a size.
///
/// 64 bytes. A coin has them from its first trade on; coins whose source knows no sizes never do.
struct TradeSums: Sendable, Hashable {
    /// The pane's number since the epoch; ``Pane/unused`` marks a free slot.
    var index: Int64
    /// How many trades there are.
    var count: UInt32 = 0
    /// The sum of their sizes, in 10⁻¹⁸ base units; `.max` when it went out of range.
    var size: Int128 = 0
    /// The sum of price × size.
    var quote = ProductSum.zero

    /// No trades.
    init(index: Int64) {
        self.index = index
    }

    /// Takes a trade in.
    /// - Parameter limit: the largest sum of sizes. Price × size can't go out of range within it: both factors have 127 bits.
    /// - Returns: false, with nothing changed, when the sizes would pass the limit, or price or size is below zero.
    mutating func add(price: Price, size newSize: Price, limit: Int128) -> Bool {
        guard let product = ProductSum(price, newSize) else { return false }
        let (total, overflow) = size.addingReportingOverflow(newSize.units)
        guard !overflow, total <= limit, count < .max else { return false }
        size = total
        quote.add(product)
        count += 1
        return true
    }

    /// The sum of the sizes in base units; nil when it went out of range.
    var volume: Price? {
        isInRange ? Price(units: size) : nil
    }

    /// The sum of price × size, rounded half to even at 18 places; nil when it is out of a price's range.
    var quoteVolume: Price? {
        quote.rounded
    }

    /// The mean price weighted by size, rounded half to even at 18 places; nil when nothing was traded but trades of size 0.
    var averagePrice: Price? {
        isInRange ? quote.divided(by: Price(units: size)) : nil
    }

    private var isInRange: Bool {
        size < .max
    }
}

extension TradeSums: RingElement {
    mutating func append(_ later: TradeSums) {
        guard later.count > 0 else { return }
        let (both, tooMany) = count.addingReportingOverflow(later.count)
        count = tooMany ? .max : both
        // The plan's sumLimit keeps the sum inside Int128; but panes that were restored may come from another plan.
        let (total, overflow) = size.addingReportingOverflow(later.size)
        size = overflow ? .max : total
        quote.add(overflow ? .max : later.quote)
    }
}
