import Shared

/// A pane and what was emitted of the windows that end with it.
public struct PaneState: Sendable, Hashable {
    /// How many ticks it holds; the other figures mean nothing when it is 0.
    public var count: UInt32
    /// The first price.
    public var open = Price.zero
    /// The highest price.
    public var high = Price.zero
    /// The lowest price.
    public var low = Price.zero
    /// The last price.
    public var close = Price.zero
    /// The sum of the prices.
    public var sum = Price.zero
    /// The 24-hour volume that came with the last price.
    public var volume: Price?
    /// Event time of the first price.
    public var firstTime = EventTime(microseconds: 0)
    /// Event time of the last price.
    public var lastTime = EventTime(microseconds: 0)
    /// What was traded; nil when none of the ticks has a size.
    public var trades: Trades?
    /// Bit `n`: the n-th window that ends with this pane has been emitted.
    public var emitted: UInt16
    /// By window: how often it was emitted again. Empty when none was.
    public var revisions: [UInt32] = []

    /// What was traded in a pane.
    public struct Trades: Sendable, Hashable {
        /// How many ticks have a size.
        public var count: UInt32
        /// The sum of the sizes, in base units.
        public var size: Price
        /// The sum of price × size.
        public var quote: ProductSum
    }
}

extension PaneState {
    /// Why no pane can have such figures, or nil when one can: whoever may write to the topic can write anything.
    /// - Parameters:
    ///   - start: when the pane starts.
    ///   - length: how long it is, in microseconds.
    func fault(start: EventTime, length: Int64) -> String? {
        guard count > 0 else { return trades == nil ? nil : "trades must be at most count" }
        guard low <= open, open <= high, low <= close, close <= high else {
            return "open or close lies outside low and high"
        }
        guard firstTime <= lastTime, firstTime >= start, lastTime.microseconds - start.microseconds < length else {
            return "first and last don't lie in the pane"
        }
        // A product that is out of range bounds nothing that is in range.
        let (least, noLeast) = low.units.multipliedReportingOverflow(by: Int128(count))
        let (most, noMost) = high.units.multipliedReportingOverflow(by: Int128(count))
        guard noLeast || sum.units >= least, noMost || sum.units <= most else {
            return "sum can't be that of the prices"
        }
        return trades.flatMap(fault)
    }

    /// Why nothing like that can have been traded in the pane, or nil when it can.
    private func fault(of trades: Trades) -> String? {
        guard (1...count).contains(trades.count) else { return "trades must be at most count" }
        guard let least = ProductSum(low, trades.size), let most = ProductSum(high, trades.size) else {
            return "prices and sizes of trades can't be below zero"
        }
        guard trades.size.units < .max else { return "size_sum is out of range" }
        guard least <= trades.quote, trades.quote <= most else { return "quote_sum can't be that of prices and sizes" }
        return nil
    }
}
