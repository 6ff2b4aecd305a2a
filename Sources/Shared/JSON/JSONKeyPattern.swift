/// A key with its quotation marks and colon, as words to compare with the bytes of a record.
///
/// Records that we wrote have their keys in a known order and without white space, so that the next key can be compared
/// as a whole where it is expected, instead of being scanned and looked up.
struct JSONKeyPattern: Sendable {
    /// The number of bytes: the key's and 3 more. 0 for a key that is too long, which never matches.
    let count: Int
    /// The bytes, the first one lowest, filled up with zeros.
    private let words: InlineArray<4, UInt64>
    /// The bits of the last word that count.
    private let lastMask: UInt64

    /// Makes the pattern of a key that needs no escapes.
    init(key: String) {
        let bytes = Array("\"\(key)\":".utf8)
        var words: InlineArray<4, UInt64> = [0, 0, 0, 0]
        count = bytes.count <= 32 ? bytes.count : 0
        for index in 0..<count {
            words[index / 8] |= UInt64(bytes[index]) << UInt64(index % 8 * 8)
        }
        self.words = words
        lastMask = UInt64.max >> UInt64((8 - count % 8) % 8 * 8)
    }

    /// Whether the key stands at that place. At the very end of a record the answer is no, because words are compared.
    @inline(__always)
    func matches(_ bytes: Span<UInt8>, at start: Int) -> Bool {
        let last = (count &- 1) >> 3
        guard last >= 0, start &+ last &* 8 <= bytes.count &- 8 else { return false }
        let raw = bytes.bytes
        for index in 0..<last {
            let word = raw.unsafeLoadUnaligned(fromByteOffset: start &+ index &* 8, as: UInt64.self)
            if UInt64(littleEndian: word) != words[index] { return false }
        }
        let word = raw.unsafeLoadUnaligned(fromByteOffset: start &+ last &* 8, as: UInt64.self)
        return (UInt64(littleEndian: word) ^ words[last]) & lastMask == 0
    }
}
