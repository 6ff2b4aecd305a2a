/// Prices as text: a plain decimal number. ``Price/init(_:)`` reads it, and every other number of JSON's grammar.
extension Price {
    /// The longest text of a price: a sign, 21 digits, a point and 18 digits.
    public static let maximumTextLength = 41

    /// Writes the price as a plain decimal number: no exponent, no trailing zeros, no point without decimals.
    /// - Parameter buffer: at least ``maximumTextLength`` bytes.
    /// - Returns: the number of bytes written.
    public func write(into buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
        precondition(buffer.count >= Price.maximumTextLength)
        guard let base = buffer.baseAddress else { return 0 }
        var pointer = base
        let (isNegative, whole16, whole, fraction) = parts
        if isNegative {
            pointer[0] = UInt8(ascii: "-")
            pointer += 1
        }
        if whole16 > 0 {
            pointer += DecimalDigits.write(whole16, to: pointer)
            DecimalDigits.write(whole, count: 16, to: pointer)
            pointer += 16
        } else {
            pointer += DecimalDigits.write(whole, to: pointer)
        }
        if fraction > 0 {
            pointer[0] = UInt8(ascii: ".")
            // Most prices have few decimals: 9 digits are written when the other 9 are zeros.
            let (upper, lower) = fraction.quotientAndRemainder(dividingBy: 1_000_000_000)
            DecimalDigits.write(upper, count: 9, to: pointer + 1)
            var count = 9
            if lower > 0 {
                DecimalDigits.write(lower, count: 9, to: pointer + 10)
                count = 18
            }
            while pointer[count] == UInt8(ascii: "0") { count &-= 1 }
            pointer += 1 + count
        }
        return pointer - base
    }
}

extension Price: CustomStringConvertible {
    /// The price as a plain decimal number, with every digit it has.
    public var description: String {
        String(unsafeUninitializedCapacity: Price.maximumTextLength) { write(into: $0) }
    }
}
