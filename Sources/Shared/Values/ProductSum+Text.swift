/// Product sums as text: a plain decimal number with every digit, `67187.33589360000001`.
extension ProductSum: CustomStringConvertible {
    /// The number of decimal places.
    public static let scale = 36

    /// The digits of one group, two of which are the decimals: as many as a 64-bit integer holds of any.
    private static let groupDigits = 18
    private static let group: UInt64 = 1_000_000_000_000_000_000

    /// The sum without exponent, without trailing zeros, without a point where there are no decimals: what
    /// ``init(utf8:)`` reads.
    public var description: String {
        // 2²⁵⁶ has 78 digits: five groups, the lowest first.
        var (rest, groups) = (self, [UInt64]())
        for _ in 0..<5 { groups.append(rest.divideByGroup()) }
        let whole = groups[2...].reversed().map(Self.text).joined().drop { $0 == "0" }
        var decimals = Substring(Self.text(groups[1]) + Self.text(groups[0]))
        while decimals.last == "0" { decimals.removeLast() }
        return (whole.isEmpty ? "0" : String(whole)) + (decimals.isEmpty ? "" : "." + decimals)
    }

    /// Reads digits, and perhaps a point and 1 to 36 more digits; nil when the bytes are something else, or the number is
    /// out of range.
    public init?(utf8 text: Span<UInt8>) {
        self = .zero
        var point: Int?
        for index in 0..<text.count {
            if text[index] == UInt8(ascii: "."), point == nil, index > 0 {
                point = index
            } else {
                let digit = text[index] &- UInt8(ascii: "0")
                guard digit < 10, append(digit) else { return nil }
            }
        }
        let decimals = point.map { text.count - $0 - 1 } ?? 0
        guard text.count > 0, decimals <= Self.scale, point == nil || decimals > 0 else { return nil }
        for _ in decimals..<Self.scale {
            guard append(0) else { return nil }
        }
    }

    /// Puts a digit behind the last one.
    /// - Returns: false when there is no room for it; the sum then means nothing.
    private mutating func append(_ digit: UInt8) -> Bool {
        let lower = low.multipliedFullWidth(by: 10)
        let (upper, overflow) = high.multipliedReportingOverflow(by: 10)
        let (sum, carry) = lower.low.addingReportingOverflow(UInt128(digit))
        let (both, again) = upper.addingReportingOverflow(lower.high + (carry ? 1 : 0))
        self = ProductSum(high: both, low: sum)
        return !overflow && !again
    }

    /// Takes the lowest 18 digits off.
    private mutating func divideByGroup() -> UInt64 {
        let divisor = UInt128(Self.group)
        let (upper, rest) = high.quotientAndRemainder(dividingBy: divisor)
        let (lower, digits) = divisor.dividingFullWidth((rest, low))
        self = ProductSum(high: upper, low: lower)
        return UInt64(truncatingIfNeeded: digits)
    }

    private static func text(_ group: UInt64) -> String {
        let digits = String(group)
        return String(repeating: "0", count: groupDigits - digits.count) + digits
    }
}
