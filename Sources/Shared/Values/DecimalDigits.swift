/// Decimal digits written as ASCII, two at a time.
enum DecimalDigits {
    /// Writes exactly `count` digits, with zeros in front.
    @inline(__always)
    static func write(_ value: UInt64, count: Int, to pointer: UnsafeMutablePointer<UInt8>) {
        var rest = value
        var index = count
        while index >= 2 {
            let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
            rest = quotient
            index &-= 2
            writePair(pair, to: pointer + index)
        }
        if index == 1 { pointer[0] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest) }
    }

    /// Writes as many digits as the value has, at most 20.
    /// - Returns: how many.
    @inline(__always)
    static func write(_ value: UInt64, to pointer: UnsafeMutablePointer<UInt8>) -> Int {
        let count = digitCount(value)
        write(value, count: count, to: pointer)
        return count
    }

    /// Writes a number from 0 to 99 as two digits.
    @inline(__always)
    static func writePair(_ value: UInt64, to pointer: UnsafeMutablePointer<UInt8>) {
        let tens = value / 10
        pointer[0] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: tens)
        pointer[1] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value &- tens &* 10)
    }

    /// The number of digits of a value; 1 for zero.
    @inline(__always)
    private static func digitCount(_ value: UInt64) -> Int {
        var count = 1
        var rest = value
        while rest >= 10_000 {
            rest /= 10_000
            count &+= 4
        }
        if rest >= 1_000 { return count &+ 3 }
        if rest >= 100 { return count &+ 2 }
        return rest >= 10 ? count &+ 1 : count
    }
}
