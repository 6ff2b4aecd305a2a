/// Texts: found 8 bytes at a time while they are plain, checked byte by byte from the first one that isn't.
extension JSONScanner {
    /// Reads the text whose opening quotation mark stands at ``position``.
    @inline(__always)
    mutating func scanText() throws(JSONError) -> JSONText {
        let start = position &+ 1
        var index = start
        while index <= bytes.count &- 8 {
            let word = UInt64(littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
            let special = JSONScanner.specialBytes(in: word)
            if special == 0 {
                index &+= 8
                continue
            }
            index &+= special.trailingZeroBitCount >> 3
            guard bytes[index] == UInt8(ascii: "\"") else { break }
            position = index &+ 1
            return JSONText(start: start, count: index &- start, isEscaped: false)
        }
        return try scanRest(of: start, from: index)
    }

    /// The bytes of a word that aren't plain text, as the top bit of each: a quotation mark, a backslash, a control
    /// character or not ASCII. Only the lowest of them is sure; above it a byte may be marked by the borrow.
    @inline(__always)
    static func specialBytes(in word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotation = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
        let backslash = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
        let found = (word &- ones &* 0x20) | (quotation &- ones) | (backslash &- ones) | word
        return found & (ones &* 0x80)
    }

    /// Reads a text to its end, having found nothing special before `index`.
    @inline(never)
    private mutating func scanRest(of start: Int, from first: Int) throws(JSONError) -> JSONText {
        var index = first
        var isEscaped = false
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                position = index &+ 1
                return JSONText(start: start, count: index &- start, isEscaped: isEscaped)
            }
            if byte == UInt8(ascii: "\\") {
                isEscaped = true
                index &+= try escapeLength(at: index)
            } else if byte < 0x20 {
                throw JSONError(.controlCharacter, at: index)
            } else if byte < 0x80 {
                index &+= 1
            } else {
                index &+= try sequenceLength(at: index)
            }
        }
        throw JSONError(.unexpectedEnd, at: bytes.count)
    }

    /// The number of bytes of the escape that begins there; of a surrogate pair it is both halves.
    private func escapeLength(at index: Int) throws(JSONError) -> Int {
        guard index &+ 1 < bytes.count else { throw JSONError(.unexpectedEnd, at: bytes.count) }
        switch bytes[index &+ 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return 2
        case UInt8(ascii: "u"):
            guard let value = UnicodeEscape.hexadecimal(in: bytes, at: index &+ 2), !UnicodeEscape.isLowSurrogate(value)
            else { throw JSONError(.invalidEscape, at: index) }
            if !UnicodeEscape.isHighSurrogate(value) { return 6 }
            guard index &+ 7 < bytes.count, bytes[index &+ 6] == UInt8(ascii: "\\"),
                bytes[index &+ 7] == UInt8(ascii: "u"),
                let low = UnicodeEscape.hexadecimal(in: bytes, at: index &+ 8), UnicodeEscape.isLowSurrogate(low)
            else { throw JSONError(.invalidEscape, at: index) }
            return 12
        default: throw JSONError(.invalidEscape, at: index)
        }
    }

    /// The number of bytes of the character beyond ASCII that begins there, by the table of RFC 3629.
    private func sequenceLength(at index: Int) throws(JSONError) -> Int {
        let count: Int
        let second: ClosedRange<UInt8>
        switch bytes[index] {
        case 0xC2...0xDF: (count, second) = (2, 0x80...0xBF)
        case 0xE0: (count, second) = (3, 0xA0...0xBF)
        case 0xED: (count, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: (count, second) = (3, 0x80...0xBF)
        case 0xF0: (count, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (count, second) = (4, 0x80...0xBF)
        case 0xF4: (count, second) = (4, 0x80...0x8F)
        default: throw JSONError(.invalidUTF8, at: index)
        }
        guard index &+ count <= bytes.count, second.contains(bytes[index &+ 1]) else {
            throw JSONError(.invalidUTF8, at: index)
        }
        for offset in 2..<max(count, 2) where bytes[index &+ offset] & 0xC0 != 0x80 {
            throw JSONError(.invalidUTF8, at: index)
        }
        return count
    }
}
