/// A price that moves at random by at most 0.1 % a step, and never beyond a quarter or four times of where it began.
/// Integer arithmetic only, so that a seed gives the same prices everywhere.
struct RandomWalk: Sendable, Hashable {
    /// Where it began, in units of the coin's last decimal place.
    let base: Int64
    /// Where it is.
    private(set) var value: Int64
    /// The highest value so far.
    private(set) var high: Int64
    /// The lowest value so far.
    private(set) var low: Int64

    /// Makes a walk that has not begun.
    /// - Parameter base: from 1 000, so that a step can be seen, to 10¹², so that nothing overflows.
    init(base: Int64) {
        self.base = min(max(base, 1_000), 1_000_000_000_000)
        value = self.base
        high = self.base
        low = self.base
    }

    /// Makes one step; small steps are likelier than large ones.
    mutating func step(_ random: UInt64) {
        let dice = Int64(random & 0xFFFF) - Int64((random >> 16) & 0xFFFF)
        // Rounded away from zero, so that the smallest prices move too.
        let rough = value * dice / 65_536
        var step = (rough + (rough < 0 ? -999 : 999)) / 1_000
        if (value > base * 4 && step > 0) || (value < base / 4 && step < 0) { step = -step }
        value += step
        high = max(high, value)
        low = min(low, value)
    }
}
