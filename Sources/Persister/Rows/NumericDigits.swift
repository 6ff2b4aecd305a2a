import Shared

/// A price as PostgreSQL's `numeric` sends it: digits in base 10 000, without leading and trailing zeros.
///
/// The value is Σ digit[i] × 10000^(weight - i); the display scale says how many decimal places are shown. (PostgreSQL's
/// numeric.c, numeric_recv.) 18 decimal places fill four and a half digits, so the last holds two places.
struct NumericDigits {
    /// The longest value in bytes: four Int16 and eleven digits (six before the point, five after).
    static let maximumBytes = 8 + 2 * 11

    /// How many digits there are; 0 for zero.
    let count: Int
    /// The power of 10 000 of the first digit.
    let weight: Int16
    /// Whether the value is below zero.
    let isNegative: Bool
    /// Decimal places up to the last that isn't zero.
    let displayScale: Int16
    private let first: Int
    private let digits: InlineArray<11, Int16>

    /// The digit at an index, 0 to 9999.
    subscript(index: Int) -> Int16 { digits[first + index] }

    /// Takes a price apart.
    init(_ price: Price) {
        let (isNegative, upper, whole, rest) = price.parts
        var (lower, fraction) = (whole, rest)
        var digits = InlineArray<11, Int16>(repeating: 0)
        digits[1] = Int16(upper % 10_000)
        digits[0] = Int16(upper / 10_000)
        for index in stride(from: 5, through: 2, by: -1) where lower != 0 {
            digits[index] = Int16(lower % 10_000)
            lower /= 10_000
        }
        var scale: Int16 = 0
        if fraction != 0 {
            digits[10] = Int16(fraction % 100) * 100
            fraction /= 100
            for index in stride(from: 9, through: 6, by: -1) {
                digits[index] = Int16(fraction % 10_000)
                fraction /= 10_000
            }
        }
        var end = 11
        while end > 0, digits[end - 1] == 0 { end -= 1 }
        var start = 0
        while start < end, digits[start] == 0 { start += 1 }
        if end > 6 {
            scale = Int16(4 * (end - 6))
            var last = digits[end - 1]
            while last % 10 == 0 {
                last /= 10
                scale -= 1
            }
        }
        self.digits = digits
        first = start
        count = end - start
        weight = count == 0 ? 0 : Int16(5 - start)
        self.isNegative = isNegative
        displayScale = scale
    }
}
