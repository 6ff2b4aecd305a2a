/// A key with its quotation marks and colon, as words to compare with the bytes of a record.
///
/// Records that we wrote have their keys in a known order and without white space, so that the next key can be compared
/// as a whole where it is expected, instead of being scanned and looked up.
struct JSONKeyPattern: Sendable {
    /// The number of bytes: the key's and 3 more. 0 for a key that is too long, which never matches.
    let count: Int
    // Words by name and not in an array: one of those is copied before it is indexed.
    /// The first 8 bytes, the first one lowest; of a shorter pattern all, filled up with zeros.
    private let first: UInt64
    /// The bits of the first word that count.
    private let firstMask: UInt64
    /// The second and the third 8 bytes, where there are so many.
    private let middle: (UInt64, UInt64)
    /// The last 8 bytes, which overlap those before them.
    private let last: UInt64

    /// Makes the pattern of a key that needs no escapes.
    init(key: String) {
        let bytes = Array("\"\(key)\":".utf8)
        func word(at start: Int) -> UInt64 {
            bytes.dropFirst(start).prefix(8).enumerated().reduce(0) { $0 | UInt64($1.element) << UInt64($1.offset * 8) }
        }
        count = bytes.count <= 32 ? bytes.count : 0
        first = word(at: 0)
        firstMask = UInt64.max >> UInt64(max(0, 8 - bytes.count) * 8)
        middle = (word(at: 8), word(at: 16))
        last = word(at: max(0, bytes.count - 8))
    }

    /// Whether the key stands at that place. At the very end of a record the answer is no, because words are compared.
    @inline(__always)
    func matches(_ bytes: Span<UInt8>, at start: Int) -> Bool {
        guard count > 0, start &+ max(count, 8) <= bytes.count else { return false }
        if (JSONKeyPattern.word(bytes, start) ^ first) & firstMask != 0 { return false }
        if count <= 8 { return true }
        if JSONKeyPattern.word(bytes, start &+ count &- 8) != last { return false }
        if count <= 16 { return true }
        if JSONKeyPattern.word(bytes, start &+ 8) != middle.0 { return false }
        return count <= 24 || JSONKeyPattern.word(bytes, start &+ 16) == middle.1
    }

    @inline(__always)
    private static func word(_ bytes: Span<UInt8>, _ index: Int) -> UInt64 {
        UInt64(littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
    }
}
