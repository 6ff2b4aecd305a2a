/// Bytes for people, as `hexdump -C` shows them.
enum Hexdump {
    private static let bytesPerLine = 16

    /// Two hexadecimal digits for each byte.
    static func digits(_ bytes: some Sequence<UInt8>) -> String {
        var text = ""
        for byte in bytes { append(byte, to: &text) }
        return text
    }

    /// Lines of an offset, 16 bytes, and those of them that are ASCII.
    static func lines(_ bytes: some Collection<UInt8>) -> String {
        var result = ""
        var rest = bytes[...]
        var offset = 0
        while !rest.isEmpty {
            let line = rest.prefix(bytesPerLine)
            for shift in stride(from: 24, through: 0, by: -8) {
                append(UInt8(truncatingIfNeeded: offset >> shift), to: &result)
            }
            result += " "
            for (index, byte) in line.enumerated() {
                result += index == bytesPerLine / 2 ? "  " : " "
                append(byte, to: &result)
            }
            let missing = bytesPerLine - line.count
            result += String(repeating: "   ", count: missing)
            if line.count <= bytesPerLine / 2 { result += " " }
            result += "  |"
            for byte in line { result.unicodeScalars.append(UnicodeScalar(0x20...0x7E ~= byte ? byte : 0x2E)) }
            result += "|\n"
            rest = rest.dropFirst(bytesPerLine)
            offset += bytesPerLine
        }
        return result
    }

    private static func append(_ byte: UInt8, to text: inout String) {
        for nibble in [byte >> 4, byte & 15] {
            text.unicodeScalars.append(UnicodeScalar(nibble < 10 ? 0x30 + nibble : 0x57 + nibble))
        }
    }
}
