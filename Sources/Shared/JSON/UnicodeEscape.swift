/// JSON's `\u` with four hexadecimal digits, of which two make up a character beyond U+FFFF.
enum UnicodeEscape {
    /// The value of four hexadecimal digits, or nil when they aren't or the bytes end before.
    static func hexadecimal(in bytes: Span<UInt8>, at start: Int) -> UInt32? {
        guard start <= bytes.count &- 4 else { return nil }
        var value: UInt32 = 0
        for index in start..<(start &+ 4) {
            let byte = bytes[index]
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte &- UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte &- UInt8(ascii: "a") &+ 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte &- UInt8(ascii: "A") &+ 10
            default: return nil
            }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    /// Whether that is the first half of a surrogate pair.
    static func isHighSurrogate(_ value: UInt32) -> Bool {
        value >> 10 == 0xD800 >> 10
    }

    /// Whether that is the second half of a surrogate pair.
    static func isLowSurrogate(_ value: UInt32) -> Bool {
        value >> 10 == 0xDC00 >> 10
    }
}
