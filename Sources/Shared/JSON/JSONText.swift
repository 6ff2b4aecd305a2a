/// A text inside a JSON record, as a range of the record's bytes: found and checked, not copied.
///
/// It means something only together with the record it was read from, which every method therefore takes.
public struct JSONText: Sendable, Hashable {
    /// The first byte behind the opening quotation mark.
    public var start: Int
    /// The number of bytes up to the closing quotation mark, escapes as written.
    public var count: Int
    /// Whether the bytes hold escapes and so aren't yet the text itself.
    public var isEscaped: Bool

    /// Makes a range.
    @inlinable
    public init(start: Int, count: Int, isEscaped: Bool) {
        self.start = start
        self.count = count
        self.isEscaped = isEscaped
    }

    /// The bytes as they stand in the record; they are the text's UTF-8 unless ``isEscaped``.
    @inlinable
    @_lifetime(copy record)
    public func rawBytes(in record: Span<UInt8>) -> Span<UInt8> {
        record.extracting(start..<(start &+ count))
    }

    /// Calls `body` with the text's UTF-8; allocates only when there are escapes to resolve.
    @inlinable
    public func withUTF8<Result>(in record: Span<UInt8>, _ body: (Span<UInt8>) throws -> Result) rethrows -> Result {
        if isEscaped {
            let bytes = unescaped(in: record)
            return try body(bytes.span)
        }
        return try body(rawBytes(in: record))
    }

    /// The text as a `String`.
    public func string(in record: Span<UInt8>) -> String {
        withUTF8(in: record) { bytes in
            bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// Whether the text is, byte for byte, that UTF-8.
    public func equals(_ utf8: Span<UInt8>, in record: Span<UInt8>) -> Bool {
        withUTF8(in: record) { ByteSequence.equal($0, utf8) }
    }

    /// Whether the text is, byte for byte, that literal.
    @inline(__always)
    public func equals(_ literal: StaticString, in record: Span<UInt8>) -> Bool {
        // The length is compared first: where the answer is no, it mostly says so.
        guard isEscaped || count == literal.utf8CodeUnitCount else { return false }
        return literal.withUTF8Buffer { equals(Span(_unsafeElements: $0), in: record) }
    }

    /// Whether the text is, byte for byte, that string.
    public func equals(_ string: String, in record: Span<UInt8>) -> Bool {
        equals(string.utf8.span, in: record)
    }

    /// A hash of the text's UTF-8: ``ByteSequence/hash(_:)``.
    public func hash(in record: Span<UInt8>) -> UInt64 {
        withUTF8(in: record) { ByteSequence.hash($0) }
    }

    /// The text's UTF-8 with its escapes resolved; the scanner has checked them.
    @usableFromInline
    func unescaped(in record: Span<UInt8>) -> [UInt8] {
        let end = start &+ count
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        var index = start
        while index < end {
            let byte = record[index]
            index &+= 1
            guard byte == UInt8(ascii: "\\"), index < end else {
                bytes.append(byte)
                continue
            }
            let escape = record[index]
            index &+= 1
            switch escape {
            case UInt8(ascii: "b"): bytes.append(0x08)
            case UInt8(ascii: "f"): bytes.append(0x0C)
            case UInt8(ascii: "n"): bytes.append(0x0A)
            case UInt8(ascii: "r"): bytes.append(0x0D)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "u"):
                var scalar = UnicodeEscape.hexadecimal(in: record, at: index) ?? 0xFFFD
                index &+= 4
                if UnicodeEscape.isHighSurrogate(scalar),
                    let low = UnicodeEscape.hexadecimal(in: record, at: index &+ 2)
                {
                    scalar = 0x10000 &+ (scalar &- 0xD800) << 10 &+ (low &- 0xDC00)
                    index &+= 6
                }
                UTF8.encode(Unicode.Scalar(scalar) ?? "\u{FFFD}")?.forEach { bytes.append($0) }
            default: bytes.append(escape)
            }
        }
        return bytes
    }
}
