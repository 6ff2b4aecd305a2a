/// Java's `Utils.murmur2`, from its published algorithm (MurmurHash 2.0, seed 0x9747b28c), as an oracle.
enum Murmur2 {
    static func hash(_ bytes: [UInt8]) -> UInt32 {
        let m: UInt32 = 0x5bd1_e995
        var hash = 0x9747_b28c ^ UInt32(bytes.count)
        var index = 0
        while index + 4 <= bytes.count {
            var k: UInt32 = 0
            for shift in 0..<4 {
                k |= UInt32(bytes[index + shift]) << (8 * UInt32(shift))
            }
            k &*= m
            k ^= k >> 24
            k &*= m
            hash = (hash &* m) ^ k
            index += 4
        }
        let rest = bytes.count - index
        if rest > 0 {
            for shift in stride(from: rest - 1, through: 0, by: -1) {
                hash ^= UInt32(bytes[index + shift]) << (8 * UInt32(shift))
            }
            hash &*= m
        }
        hash ^= hash >> 13
        hash &*= m
        return hash ^ (hash >> 15)
    }
}
