/// A price that moves at random by at most 0.1 % a step, and never beyond a quarter or four times of where it began.
/// Integer arithmetic only, so that a seed gives the same prices everywhere; 16 bytes, for there may be a million.
struct RandomWalk: Sendable, Hashable {
    private let first: UInt32
    private var now: UInt32
    private var highest: UInt32
    private var lowest: UInt32

    /// Where it began, in units of the coin's last decimal place.
    var base: Int64 { Int64(first) }
    /// Where it is.
    var value: Int64 { Int64(now) }
    /// The highest value so far.
    var high: Int64 { Int64(highest) }
    /// The lowest value so far.
    var low: Int64 { Int64(lowest) }

    /// Makes a walk that has not begun.
    /// - Parameter base: from 1 000, so that a step can be seen, to 10⁹, so that four times of it fit.
    init(base: Int64) {
        first = UInt32(min(max(base, 1_000), 1_000_000_000))
        (now, highest, lowest) = (first, first, first)
    }

    /// Makes one step; small steps are likelier than large ones.
    @inline(__always)
    mutating func step(_ random: UInt64) {
        let dice = Int64(random & 0xFFFF) - Int64((random >> 16) & 0xFFFF)
        // Rounded away from zero, so that the smallest prices move too.
        let rough = value * dice / 65_536
        var step = (rough + (rough < 0 ? -999 : 999)) / 1_000
        if (value > base * 4 && step > 0) || (value < base / 4 && step < 0) { step = -step }
        now = UInt32(clamping: value + step)
        highest = max(highest, now)
        lowest = min(lowest, now)
    }
}
