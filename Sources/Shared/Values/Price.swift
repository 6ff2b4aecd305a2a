/// An exact decimal number: money, a volume or a percentage, as a count of 10⁻¹⁸ in an `Int128`.
///
/// The range is ±1.7 × 10²⁰ with 18 decimal places, which holds every price, supply and market capitalisation that
/// CoinGecko sends. It is never a `Double`, so a price reaches the database digit for digit.
public struct Price: Sendable, Hashable {
    /// The number of decimal places.
    public static let scale = 18

    /// How many units one whole is: 10¹⁸.
    @inlinable
    public static var unitsPerOne: Int128 { 1_000_000_000_000_000_000 }

    /// The value × 10¹⁸.
    public var units: Int128

    /// Makes a price from a count of 10⁻¹⁸.
    @inlinable
    public init(units: Int128) {
        self.units = units
    }

    /// Makes a price from a whole number; every `Int` fits.
    @inlinable
    public init(_ whole: Int) {
        units = Int128(whole) &* Price.unitsPerOne
    }

    /// Zero.
    @inlinable
    public static var zero: Price { Price(units: 0) }
}

extension Price: Comparable {
    /// Orders by value.
    @inlinable
    public static func < (left: Price, right: Price) -> Bool {
        left.units < right.units
    }
}
