/// Where the scanner and Foundation's JSONDecoder differ on purpose.
extension [UInt8] {
    /// Whether a number may be beyond what Decimal holds: it has 38 digits, and this is not where ours is put to the
    /// test. Says yes for every run of 38 digits and for every exponent of two digits.
    var hasNumberBeyondDecimal: Bool {
        var digits = 0
        var exponentDigits: Int?
        for byte in self {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                digits += 1
                if let count = exponentDigits {
                    if count == 1 { return true }
                    exponentDigits = count + 1
                }
                if digits == 38 { return true }
            case UInt8(ascii: "e"), UInt8(ascii: "E"): exponentDigits = 0
            case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."): continue
            default:
                digits = 0
                exponentDigits = nil
            }
        }
        return false
    }

    /// Whether a closing bracket stands there with a comma before it: JSONDecoder takes a comma behind the last member,
    /// which RFC 8259 doesn't have.
    func hasClosingBracketBehindComma(at position: Int) -> Bool {
        guard position < count, self[position] == UInt8(ascii: "}") || self[position] == UInt8(ascii: "]") else {
            return false
        }
        return self[..<position].last { ![0x20, 0x0A, 0x0D, 0x09].contains($0) } == UInt8(ascii: ",")
    }

    /// The bytes as text, with those that aren't ASCII as numbers.
    var debugText: String {
        map { (0x20..<0x7F).contains($0) ? String(Unicode.Scalar($0)) : "<\(String($0, radix: 16))>" }.joined()
    }
}
