/// Comparing and hashing short runs of bytes without making a `String`.
public enum ByteSequence {
    /// Whether both hold the same bytes. Inlined, because the Aggregator asks several times a tick, mostly of short names.
    @inlinable
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

    /// A hash of the bytes, another one in every process: who names the coins can't choose names that collide.
    ///
    /// Swift's `Hasher` is SipHash with a random key; a faster mixer falls to chosen names whatever its seed.
    public static func hash(_ bytes: Span<UInt8>) -> UInt64 {
        var hasher = Hasher()
        bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }

    @inlinable
    @inline(__always)
    static func word(_ bytes: Span<UInt8>, _ index: Int) -> UInt64 {
        bytes.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
    }
}
