import Shared
import TestSupport
import Testing

@Suite("ByteSequence")
struct ByteSequenceTests {
    @Test("finds a difference at any place of any length")
    func equality() {
        var random = SplitMix64(seed: 1)
        for count in 0..<40 {
            let left = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            let longer = left + [0]
            let isSame = ByteSequence.equal(left.span, left.span)
            let isLonger = ByteSequence.equal(left.span, longer.span)
            #expect(isSame && !isLonger, "count \(count)")
            for place in 0..<count {
                var right = left
                right[place] ^= 1
                let isSame = ByteSequence.equal(left.span, right.span)
                let hashes = (ByteSequence.hash(left.span), ByteSequence.hash(right.span))
                #expect(!isSame && hashes.0 != hashes.1, "count \(count), place \(place)")
            }
        }
    }

    @Test("names made to collide under a mixer that everybody knows spread like any others")
    func chosenNames() {
        // What this function was before: MurmurHash3's finalizer after each word, whose second word undoes the first.
        func mix(_ value: UInt64) -> UInt64 {
            var mixed = (value ^ (value >> 33)) &* 0xFF51_AFD7_ED55_8CCD
            mixed = (mixed ^ (mixed >> 33)) &* 0xC4CE_B9FE_1A85_EC53
            return mixed ^ (mixed >> 33)
        }
        var hashes: Set<UInt64> = []
        for number in 0..<10_000 as Range<UInt64> {
            let first = 0x6161_6161_0000_0000 | number
            let second = mix(16 &* 0x9E37_79B9_7F4A_7C15 ^ first) ^ 42
            let name = [first, second].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
            hashes.insert(ByteSequence.hash(name.span))
        }
        #expect(hashes.count == 10_000)
    }

    @Test("spreads names over the buckets of a table")
    func spread() {
        var buckets: Set<UInt64> = []
        for number in 0..<10_000 { buckets.insert(ByteSequence.hash("coin-\(number)".utf8.span) % 16_384) }
        // 10 000 throws into 16 384 buckets hit 16 384 × (1 - e^(-10000/16384)) = 7 485 of them on the average.
        #expect(buckets.count > 7_300)
    }
}
