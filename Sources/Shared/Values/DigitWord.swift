/// Eight bytes of text, looked at together for decimal digits.
///
/// What it saves is less the steps than the surprises: where a number ends is news to the processor's branch prediction
/// each time, and a loop over its bytes asks at every one of them. The arithmetic is that of Daniel Lemire's fast_float.
struct DigitWord {
    /// The zeros of eight digits.
    static let zeros: UInt64 = 0x3030_3030_3030_3030

    /// Each byte less the digit 0 or, where a separator is expected, 0 for that; the first byte lowest.
    private let values: UInt64

    /// Takes the eight bytes from `index` on, which must all be there.
    /// - Parameter pattern: the text that would have the value 0: a `0` for each digit, and the separators.
    @inline(__always)
    init(_ bytes: Span<UInt8>, at index: Int, pattern: UInt64 = DigitWord.zeros) {
        let word = bytes.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
        values = UInt64(littleEndian: word) ^ pattern
    }

    /// How many digits stand before the first byte that is none: 0 to 8.
    @inline(__always)
    var digitCount: Int {
        // 6 more than 9 carries into the upper half of a byte. A byte may also carry into the next one, but then it is
        // marked itself, and only the lowest mark counts.
        let others = (values &+ 0x0606_0606_0606_0606 | values) & 0xF0F0_F0F0_F0F0_F0F0
        return others.trailingZeroBitCount >> 3
    }

    /// Whether all bytes are digits, and the pattern's separators where `separators` has ones.
    @inline(__always)
    func isDigits(separators: UInt64) -> Bool {
        let most = 0x0606_0606_0606_0606 & ~separators | 0x0F0F_0F0F_0F0F_0F0F & separators
        return (values &+ most | values) & 0xF0F0_F0F0_F0F0_F0F0 == 0
    }

    /// The value of the first `count` bytes, 1 to 8, which must be digits.
    @inline(__always)
    func value(ofFirst count: Int) -> UInt64 {
        // Moved up, zeros stand before them.
        let digits = values &<< UInt64(truncatingIfNeeded: 64 &- count &* 8)
        let pairs = digits &* 10 &+ digits >> 8
        let mask: UInt64 = 0x0000_00FF_0000_00FF
        let low = (pairs & mask) &* (100 | 1_000_000 << 32)
        let high = (pairs >> 16 & mask) &* (1 | 10_000 << 32)
        return (low &+ high) >> 32
    }

    /// The value of the two digits from byte `index` on.
    @inline(__always)
    func pair(at index: Int) -> Int64 {
        let pairs = values &* 10 &+ values >> 8
        return Int64(truncatingIfNeeded: pairs >> UInt64(truncatingIfNeeded: index &* 8) & 0xFF)
    }

    /// The value of the one digit at byte `index`.
    @inline(__always)
    func digit(at index: Int) -> Int64 {
        Int64(truncatingIfNeeded: values >> UInt64(truncatingIfNeeded: index &* 8) & 0xFF)
    }
}
