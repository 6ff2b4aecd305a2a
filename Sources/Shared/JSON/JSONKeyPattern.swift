/// A key with its quotation marks and colon, as words to compare with the bytes of a record.
///
/// Records that we wrote have their keys in a known order and without white space, so that the next key can be compared
/// as a whole where it is expected, instead of being scanned and looked up.
struct JSONKeyPattern: Sendable {
    /// The number of bytes: the key's and 3 more. 0 for a key that is too long, which never matches.
    let count: Int
    /// The first 8 bytes, the first one lowest, filled up with zeros.
    private let first: UInt64
    /// The bits of the first word that count.
    private let firstMask: UInt64
    /// The 8 bytes behind the first word, and those behind them.
    private let second: UInt64
    private let third: UInt64
    /// The last 8 bytes, whichever of them the other words have too.
    private let last: UInt64

    /// Makes the pattern of a key that needs no escapes.
    init(key: String) {
        let bytes = Array("\"\(key)\":".utf8)
        func word(at start: Int) -> UInt64 {
            bytes.dropFirst(start).prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        count = bytes.count <= 32 ? bytes.count : 0
        firstMask = count > 0 ? UInt64.max >> UInt64(max(8 - count, 0) * 8) : 0
        first = word(at: 0)
        second = word(at: 8)
        third = word(at: 16)
        last = word(at: max(count - 8, 0))
    }

    /// Whether the key stands at that place.
    /// - Parameter word: the 8 bytes that stand there. They are read once for many keys: most differ in them.
    @inline(__always)
    func matches(_ word: UInt64, in bytes: Span<UInt8>, at start: Int) -> Bool {
        word & firstMask == first && (count <= 8 || continues(in: bytes, at: start))
    }

    @inline(__always)
    private func continues(in bytes: Span<UInt8>, at start: Int) -> Bool {
        start &+ count <= bytes.count
            && bytes.word(at: start &+ count &- 8) == last
            && (count <= 16 || bytes.word(at: start &+ 8) == second)
            && (count <= 24 || bytes.word(at: start &+ 16) == third)
    }
}
