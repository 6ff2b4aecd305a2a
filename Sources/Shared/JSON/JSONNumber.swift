/// A number of JSON's grammar as it stands in the bytes: checked, not yet turned into a value.
///
/// Up to 19 digits are taken up in a `UInt64` on the way, so that a usual price needs one multiplication to 128 bits.
struct JSONNumber {
    private let isNegative: Bool
    /// All digits as one integer, when there are at most 19 of them; meaningless otherwise.
    private let significand: UInt64
    /// The digits before and after the point, leading zeros included.
    private let digitCount: Int
    /// The digits after the point.
    private let fractionCount: Int
    /// The exponent as written, kept within ±10⁶.
    private let exponent: Int
    /// Where the first digit stands; the digits go on from there, with at most one point among them.
    private let start: Int

    /// Reads the number at `position` and leaves `position` behind it.
    /// - Throws: ``JSONError/Kind/malformedNumber`` or ``JSONError/Kind/unexpectedEnd`` where the grammar is violated.
    @inline(__always)
    init(reading bytes: Span<UInt8>, at position: inout Int) throws(JSONError) {
        let end = bytes.count
        var index = position
        var significand: UInt64 = 0
        isNegative = index < end && bytes[index] == UInt8(ascii: "-")
        if isNegative { index &+= 1 }
        start = index
        JSONNumber.passDigits(of: bytes, at: &index, into: &significand)
        let wholeCount = index &- start
        if wholeCount == 0 {
            throw JSONError(index < end ? .malformedNumber : .unexpectedEnd, at: index)
        }
        if wholeCount > 1, bytes[start] == UInt8(ascii: "0") {
            throw JSONError(.malformedNumber, at: start &+ 1)
        }
        var fractionCount = 0
        if index < end, bytes[index] == UInt8(ascii: ".") {
            index &+= 1
            let fractionStart = index
            JSONNumber.passDigits(of: bytes, at: &index, into: &significand)
            fractionCount = index &- fractionStart
            if fractionCount == 0 {
                throw JSONError(index < end ? .malformedNumber : .unexpectedEnd, at: index)
            }
        }
        if index < end, bytes[index] | 0x20 == UInt8(ascii: "e") {
            index &+= 1
            exponent = try JSONNumber.exponent(in: bytes, at: &index)
        } else {
            exponent = 0
        }
        self.significand = significand
        self.fractionCount = fractionCount
        digitCount = wholeCount &+ fractionCount
        position = index
    }

    /// The number with 18 decimal places, rounded half to even; nil when it is out of range.
    ///
    /// `bytes` must be what it was read from.
    @inline(__always)
    func price(in bytes: Span<UInt8>) -> (price: Price, isInexact: Bool)? {
        let shift = Price.scale &+ exponent &- fractionCount
        // 19 digits × 10¹⁸ is less than 2¹²⁷.
        if digitCount <= 19, shift >= 0, shift <= 18 {
            let product = significand.multipliedFullWidth(by: JSONNumber.powersOfTen[shift])
            let magnitude = Int128(truncatingIfNeeded: UInt128(product.high) << 64 | UInt128(product.low))
            return (Price(units: isNegative ? 0 &- magnitude : magnitude), false)
        }
        return wideUnits(in: bytes)
    }

    /// The number as an integer; nil when it is out of range or has decimals that aren't zero.
    @inline(__always)
    func integer(in bytes: Span<UInt8>) -> Int64? {
        if digitCount <= 18, fractionCount == 0, exponent == 0 {
            let value = Int64(truncatingIfNeeded: significand)
            return isNegative ? 0 &- value : value
        }
        guard let (price, isInexact) = wideUnits(in: bytes), !isInexact else { return nil }
        let (whole, rest) = price.units.quotientAndRemainder(dividingBy: Price.unitsPerOne)
        return rest == 0 ? Int64(exactly: whole) : nil
    }

    /// The general case of ``price(in:)``: any number of digits, any exponent.
    @inline(never)
    private func wideUnits(in bytes: Span<UInt8>) -> (price: Price, isInexact: Bool)? {
        // Of the significant digits, this many belong to the count of 10⁻¹⁸, and the rest is rounded away.
        var leadingZeros = 0
        while leadingZeros < digitCount, bytes[digitIndex(leadingZeros)] == UInt8(ascii: "0") { leadingZeros &+= 1 }
        if leadingZeros == digitCount { return (.zero, false) }
        let significantCount = digitCount &- leadingZeros
        let keptCount = significantCount &+ Price.scale &+ exponent &- fractionCount
        if keptCount > 39 { return nil }
        if keptCount < 0 { return (.zero, true) }

        var magnitude: UInt128 = 0
        for place in 0..<keptCount {
            let digit = place < significantCount ? UInt128(digitValue(leadingZeros &+ place, in: bytes)) : 0
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(digit)
            if overflow || carry { return nil }
            magnitude = sum
        }
        var isInexact = false
        if keptCount < significantCount {
            let next = digitValue(leadingZeros &+ keptCount, in: bytes)
            var restIsZero = true
            for place in (leadingZeros &+ keptCount &+ 1)..<digitCount where digitValue(place, in: bytes) != 0 {
                restIsZero = false
                break
            }
            isInexact = next != 0 || !restIsZero
            if next > 5 || (next == 5 && (!restIsZero || magnitude & 1 == 1)) {
                magnitude = magnitude &+ 1  // At most 39 digits that didn't overflow; checked against the range below.
                if magnitude == 0 { return nil }
            }
        }
        return Price(isNegative: isNegative, magnitude: magnitude).map { ($0, isInexact) }
    }

    /// Where the digit with that number stands: the point is not counted.
    private func digitIndex(_ number: Int) -> Int {
        start &+ number &+ (number >= digitCount &- fractionCount ? 1 : 0)
    }

    /// The value of the digit with that number.
    private func digitValue(_ number: Int, in bytes: Span<UInt8>) -> UInt8 {
        bytes[digitIndex(number)] &- UInt8(ascii: "0")
    }

    /// Reads what follows the `e`: a sign perhaps, and at least one digit.
    @inline(never)
    private static func exponent(in bytes: Span<UInt8>, at index: inout Int) throws(JSONError) -> Int {
        var isNegative = false
        if index < bytes.count, bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") {
            isNegative = bytes[index] == UInt8(ascii: "-")
            index &+= 1
        }
        let start = index
        var exponent = 0
        while index < bytes.count, let digit = digit(bytes[index]) {
            // Far beyond everything that fits, and short enough for the sums made with it.
            exponent = min(exponent &* 10 &+ Int(digit), 1_000_000)
            index &+= 1
        }
        if index == start {
            throw JSONError(index < bytes.count ? .malformedNumber : .unexpectedEnd, at: index)
        }
        return isNegative ? 0 &- exponent : exponent
    }

    /// Passes the digits from `index` on, and appends them to `significand`.
    @inline(__always)
    private static func passDigits(of bytes: Span<UInt8>, at index: inout Int, into significand: inout UInt64) {
        while index <= bytes.count &- 8 {
            let word = DigitWord(bytes, at: index)
            let count = word.digitCount
            if count == 0 { return }
            significand = significand &* powersOfTen[count] &+ word.value(ofFirst: count)
            index &+= count
            if count < 8 { return }
        }
        while index < bytes.count, let digit = digit(bytes[index]) {
            significand = significand &* 10 &+ digit
            index &+= 1
        }
    }

    @inline(__always)
    private static func digit(_ byte: UInt8) -> UInt64? {
        let value = byte &- UInt8(ascii: "0")
        return value < 10 ? UInt64(value) : nil
    }

    private static let powersOfTen: InlineArray<19, UInt64> = [
        1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000,
        100_000_000_000, 1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000,
        10_000_000_000_000_000, 100_000_000_000_000_000, 1_000_000_000_000_000_000,
    ]
}
