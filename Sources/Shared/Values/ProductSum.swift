/// An exact sum of products of two prices, none below zero: a count of 10⁻³⁶ in 256 bits.
///
/// A product of two ``Price``s has up to 36 decimals and more digits before the point than a price can have. Rounding each
/// would make a sum depend on the order in which it was added up; this one is rounded once, when it is read.
public struct ProductSum: Sendable, Hashable {
    /// The upper 128 bits.
    public private(set) var high: UInt128
    /// The lower 128 bits.
    public private(set) var low: UInt128

    /// Zero.
    public static let zero = ProductSum(high: 0, low: 0)
    /// What a sum is that went out of range: it stays so, whatever is added.
    public static let max = ProductSum(high: .max, low: .max)

    /// A count of 10⁻³⁶.
    init(high: UInt128, low: UInt128) {
        self.high = high
        self.low = low
    }

    /// The product of two prices that aren't below zero; nil when one is.
    public init?(_ left: Price, _ right: Price) {
        guard left >= .zero, right >= .zero else { return nil }
        let product = left.units.magnitude.multipliedFullWidth(by: right.units.magnitude)
        self.init(high: product.high, low: product.low)
    }

    /// Adds another sum; out of range it becomes ``max``.
    public mutating func add(_ other: ProductSum) {
        let (low, carry) = low.addingReportingOverflow(other.low)
        let (high, overflow) = high.addingReportingOverflow(other.high)
        let (both, again) = high.addingReportingOverflow(carry ? 1 : 0)
        self = overflow || again ? .max : ProductSum(high: both, low: low)
    }

    /// The sum as a price, rounded half to even at 18 places; nil when it is out of a price's range.
    public var rounded: Price? {
        divided(byUnits: Price.unitsPerOne.magnitude)
    }

    /// The quotient, rounded half to even at 18 places; nil when the divisor isn't above zero or the quotient is out of a
    /// price's range.
    public func divided(by divisor: Price) -> Price? {
        divisor > .zero ? divided(byUnits: divisor.units.magnitude) : nil
    }

    private func divided(byUnits divisor: UInt128) -> Price? {
        // A high word that isn't smaller than the divisor means a quotient of more than 128 bits.
        guard high < divisor else { return nil }
        let (quotient, remainder) = divisor.dividingFullWidth((high, low))
        let rounded = Price.roundedHalfToEven(quotient, remainder: remainder, divisor: divisor)
        return Price(isNegative: false, magnitude: rounded)
    }
}

extension ProductSum: Comparable {
    /// Orders by value.
    public static func < (left: ProductSum, right: ProductSum) -> Bool {
        left.high == right.high ? left.low < right.low : left.high < right.high
    }
}
