/// Arithmetic that never traps: a result outside the range is nil, and what doesn't come out even is rounded half to
/// even at 18 places.
extension Price {
    /// The difference, or nil when it is out of range.
    @inlinable
    public func subtracting(_ other: Price) -> Price? {
        let (difference, overflow) = units.subtractingReportingOverflow(other.units)
        return overflow ? nil : Price(units: difference)
    }

    /// The mean of `count` prices, rounded half to even.
    /// - Parameter sum: the sum of their ``units``.
    /// - Returns: nil when `count` isn't positive.
    public static func average(ofUnits sum: Int128, count: Int) -> Price? {
        guard count > 0 else { return nil }
        let (quotient, remainder) = sum.magnitude.quotientAndRemainder(dividingBy: UInt128(count))
        // The quotient of a division by at least 1 is no larger than the sum was, rounding up included: a quotient
        // that could overflow has divisor 1 and no remainder.
        let rounded = roundedHalfToEven(quotient, remainder: remainder, divisor: UInt128(count))
        return Price(isNegative: sum < 0, magnitude: rounded)
    }

    /// The change from this price to `new` in percent: `(new - self) × 100 / self`, rounded half to even.
    /// - Returns: nil when this price is zero or the result is out of range.
    public func percentageChange(to new: Price) -> Price? {
        guard units != 0, let difference = new.subtracting(self) else { return nil }
        let divisor = units.magnitude
        let product = difference.units.magnitude.multipliedFullWidth(by: 100 * Price.unitsPerOne.magnitude)
        // A high word that isn't smaller than the divisor means a quotient of more than 128 bits.
        guard product.high < divisor else { return nil }
        let (quotient, remainder) = divisor.dividingFullWidth(product)
        let rounded = Price.roundedHalfToEven(quotient, remainder: remainder, divisor: divisor)
        return Price(isNegative: (difference.units < 0) != (units < 0), magnitude: rounded)
    }

    /// The decimal parts of the magnitude: `whole₁₆ × 10¹⁶ + whole` before the point, `fraction` × 10⁻¹⁸ after it.
    ///
    /// Groups of 4 digits, as PostgreSQL's binary NUMERIC has them, fall on the boundaries before the point; the 18
    /// digits after it are 4 groups and a half. All three parts are small enough for 64-bit arithmetic.
    @inlinable
    public var parts: (isNegative: Bool, whole16: UInt64, whole: UInt64, fraction: UInt64) {
        let magnitude = units.magnitude
        let one: UInt64 = 1_000_000_000_000_000_000
        let high = UInt64(truncatingIfNeeded: magnitude >> 64)
        let low = UInt64(truncatingIfNeeded: magnitude)
        let ten16: UInt64 = 10_000_000_000_000_000
        if high == 0 {
            return (units < 0, 0, low / one, low % one)
        }
        if high < one {
            let (whole, fraction) = one.dividingFullWidth((high, low))
            return (units < 0, whole / ten16, whole % ten16, fraction)
        }
        let (whole, fraction) = magnitude.quotientAndRemainder(dividingBy: UInt128(one))
        let (whole16, rest) = whole.quotientAndRemainder(dividingBy: UInt128(ten16))
        return (
            units < 0, UInt64(truncatingIfNeeded: whole16), UInt64(truncatingIfNeeded: rest),
            UInt64(truncatingIfNeeded: fraction)
        )
    }

    /// A price of that sign and that many units, or nil when it is out of range.
    init?(isNegative: Bool, magnitude: UInt128) {
        if isNegative {
            guard magnitude <= Int128.min.magnitude else { return nil }
            units = 0 &- Int128(truncatingIfNeeded: magnitude)
        } else {
            guard magnitude <= Int128.max.magnitude else { return nil }
            units = Int128(truncatingIfNeeded: magnitude)
        }
    }

    /// The quotient, one higher when the remainder is more than half of the divisor, or half and the quotient is odd.
    static func roundedHalfToEven(_ quotient: UInt128, remainder: UInt128, divisor: UInt128) -> UInt128 {
        let rest = divisor &- remainder
        let up = remainder > rest || (remainder == rest && quotient & 1 == 1)
        // Saturates, so that an overflow stays out of range instead of turning into zero.
        return up && quotient < UInt128.max ? quotient &+ 1 : quotient
    }
}
