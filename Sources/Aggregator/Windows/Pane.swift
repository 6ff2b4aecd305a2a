import Shared

/// What happened to one coin's price in one pane, or, merged, in one window.
///
/// 128 bytes. All prices are counts of 10⁻¹⁸ (see `Price`).
public struct Pane: Sendable, Hashable {
    /// The pane's number since the epoch; `unused` marks a free slot.
    var index: Int64
    /// How many ticks it holds.
    public internal(set) var count: UInt32 = 0
    /// Bit `n` is set when the n-th window of the plan that ends with this pane has been emitted.
    var emitted: UInt16 = 0
    /// Whether a closing tick carried a 24-hour volume.
    var hasVolume = false
    /// What the changelog knows of it.
    var standing = Standing()
    /// Event time of the opening tick, in microseconds.
    var firstTime: Int64 = 0
    /// Event time of the closing tick, in microseconds.
    var lastTime: Int64 = 0
    var open: Int128 = 0
    var high: Int128 = 0
    var low: Int128 = 0
    var close: Int128 = 0
    var sum: Int128 = 0
    var volume: Int128 = 0

    /// What the changelog knows of a pane.
    struct Standing: OptionSet, Sendable, Hashable {
        var rawValue: UInt8 = 0
        /// It changed since the last drain.
        static let dirty = Standing(rawValue: 1)
        /// The changelog holds a record of it.
        static let stored = Standing(rawValue: 2)
        /// A window that ends with it was emitted more than once.
        static let revised = Standing(rawValue: 4)
    }

    /// The number of a slot that holds no pane.
    static let unused = Int64.min

    /// An empty pane.
    init(index: Int64) {
        self.index = index
    }

    /// Takes a tick in. Ticks come in the order of their offsets, so of two at the same event time the one already
    /// here opens, and the one that comes now closes.
    /// - Parameter limit: the largest magnitude the sum may have.
    /// - Returns: false, with nothing changed, when the sum would pass the limit.
    @inline(__always)
    mutating func add(price: Int128, volume newVolume: Int128?, time: Int64, limit: Int128) -> Bool {
        let (total, overflow) = sum.addingReportingOverflow(price)
        guard !overflow, total <= limit, total >= -limit, count < .max else { return false }
        sum = total
        if count == 0 {
            firstTime = time
            lastTime = time
            open = price
            high = price
            low = price
            close = price
            setVolume(newVolume)
        } else {
            if price > high { high = price }
            if price < low { low = price }
            if time < firstTime {
                firstTime = time
                open = price
            }
            if time >= lastTime {
                lastTime = time
                close = price
                setVolume(newVolume)
            }
        }
        count += 1
        return true
    }

    /// The mean of the prices, rounded half to even at 18 places; nil for an empty pane.
    var average: Price? {
        Price.average(ofUnits: sum, count: Int(count))
    }

    @inline(__always)
    private mutating func setVolume(_ newVolume: Int128?) {
        hasVolume = newVolume != nil
        volume = newVolume ?? 0
    }
}

extension Pane: RingElement {
    mutating func append(_ later: Pane) {
        guard later.count > 0 else { return }
        if count == 0 {
            firstTime = later.firstTime
            open = later.open
            high = later.high
            low = later.low
        } else {
            if later.high > high { high = later.high }
            if later.low < low { low = later.low }
        }
        lastTime = later.lastTime
        close = later.close
        hasVolume = later.hasVolume
        volume = later.volume
        // The plan's sumLimit keeps the sum inside Int128; but panes that were restored may come from another plan.
        let (total, overflow) = sum.addingReportingOverflow(later.sum)
        sum = overflow ? (later.sum > 0 ? .max : .min) : total
        let (both, tooMany) = count.addingReportingOverflow(later.count)
        count = tooMany ? .max : both
    }
}
