/// Comparing and hashing short runs of bytes, 8 at a time, without making a `String`.
public enum ByteSequence {
    /// Whether both hold the same bytes.
    public static func equal(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        let count = left.count
        guard count == right.count else { return false }
        if count >= 8 {
            let last = count &- 8
            var index = 0
            while index < last {
                if word(left, index) != word(right, index) { return false }
                index &+= 8
            }
            // The last word may overlap the one before it.
            return word(left, last) == word(right, last)
        }
        for index in 0..<count where left[index] != right[index] { return false }
        return true
    }

    /// A hash of the bytes, the same in every process; not made to withstand an attacker.
    public static func hash(_ bytes: Span<UInt8>) -> UInt64 {
        let raw = bytes.bytes
        let count = bytes.count
        var hash = UInt64(truncatingIfNeeded: count) &* 0x9E37_79B9_7F4A_7C15
        var index = 0
        while index <= count &- 8 {
            hash = mix(hash ^ raw.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
            index &+= 8
        }
        var rest: UInt64 = 0
        while index < count {
            rest = rest << 8 | UInt64(bytes[index])
            index &+= 1
        }
        return mix(hash ^ rest)
    }

    @inline(__always)
    private static func word(_ bytes: Span<UInt8>, _ index: Int) -> UInt64 {
        bytes.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
    }

    /// Spreads every bit over the whole word (the finalizer of MurmurHash3).
    @inline(__always)
    private static func mix(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ (mixed >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        mixed = (mixed ^ (mixed >> 33)) &* 0xC4CE_B9FE_1A85_EC53
        return mixed ^ (mixed >> 33)
    }
}
