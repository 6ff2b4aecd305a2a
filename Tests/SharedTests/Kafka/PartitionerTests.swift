import Shared
import TestSupport
import Testing

@Suite("Where a record belongs")
struct PartitionerTests {
    private func fault(_ key: String?, coin: String, partition: Int32, of count: Int) -> String? {
        let coin = Array(coin.utf8)
        guard let key = key.map({ Array($0.utf8) }) else {
            return Partitioner.fault(key: nil, coinID: coin.span, partition: partition, partitionCount: count)
        }
        return key.withUnsafeBufferPointer {
            Partitioner.fault(key: $0, coinID: coin.span, partition: partition, partitionCount: count)
        }
    }

    @Test("the partition is the one that Java's client chooses")
    func javas() {
        var random = SplitMix64(seed: 1)
        for _ in 0..<1_000 {
            let key = (0..<Int.random(in: 0...40, using: &random)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            let count = Int.random(in: 1...50, using: &random)
            let found = key.withUnsafeBufferPointer { Partitioner.partition(of: $0, among: count) }
            #expect(found == Int32(Murmur2.hash(key) & 0x7fff_ffff) % Int32(count))
        }
    }

    @Test("a record is in its place when its key is its coin and its partition the key's")
    func places() {
        let right = Array("bitcoin".utf8).withUnsafeBufferPointer { Partitioner.partition(of: $0, among: 3) }
        #expect(fault("bitcoin", coin: "bitcoin", partition: right, of: 3) == nil)
        let elsewhere = fault("bitcoin", coin: "bitcoin", partition: (right + 1) % 3, of: 3)
        #expect(elsewhere?.contains("belongs in partition \(right) of 3") == true)
        let other = fault("Bitcoin", coin: "bitcoin", partition: right, of: 3)
        #expect(other == "the record's key \"Bitcoin\" is not its coin_id \"bitcoin\"")
        #expect(fault(nil, coin: "bitcoin", partition: right, of: 3) == "the record has no key; it must be the coin_id")
        #expect(fault("", coin: "bitcoin", partition: right, of: 3) != nil)
        #expect(fault("caf\u{E9}", coin: "cafe\u{301}", partition: 0, of: 1) != nil, "bytes, not characters")
        let long = String(repeating: "x", count: 100_000)
        #expect(fault(long, coin: "bitcoin", partition: 0, of: 1).map { $0.utf8.count < 200 } == true)
    }
}
