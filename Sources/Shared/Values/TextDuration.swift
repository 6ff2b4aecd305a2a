/// Lengths of time as people write them in settings and rules: `250ms`, `10s`, `5m`, `1h`, `7d`.
///
/// A text is a whole number without a sign and one unit, with nothing between them: `us`, `ms`, `s`, `m`, `h` or `d`
/// (24 hours).
public enum TextDuration {
    /// The units from the largest to the smallest, and how many microseconds each has.
    private static let units: [(name: String, microseconds: Int64)] = [
        ("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000), ("us", 1),
    ]

    /// Reads a duration: microseconds, or nil when the text isn't one or doesn't fit.
    public static func microseconds(_ text: some StringProtocol) -> Int64? {
        let digits = text.utf8.prefix { $0 &- UInt8(ascii: "0") <= 9 }
        let name = text.utf8.dropFirst(digits.count)
        guard !digits.isEmpty, let unit = units.first(where: { $0.name.utf8.elementsEqual(name) }) else { return nil }
        var value: Int64 = 0
        for digit in digits {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int64(digit &- UInt8(ascii: "0")))
            if overflow || carry { return nil }
            value = sum
        }
        let (microseconds, overflow) = value.multipliedReportingOverflow(by: unit.microseconds)
        return overflow ? nil : microseconds
    }

    /// Writes a duration in the largest unit that it is a whole number of; a negative one, which can't be read, gets a
    /// minus sign.
    public static func text(microseconds: Int64) -> String {
        guard microseconds != 0 else { return "0s" }
        let unit = units.first { microseconds % $0.microseconds == 0 } ?? ("us", 1)
        return "\(microseconds / unit.microseconds)\(unit.name)"
    }
}
