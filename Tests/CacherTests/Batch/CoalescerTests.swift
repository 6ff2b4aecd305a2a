import Shared
import Testing

@testable import Cacher

@Suite("Coalescer")
struct CoalescerTests {
    private static let bitcoin = CoinKey(coinID: "bitcoin", vsCurrency: "usd")
    private static let ether = CoinKey(coinID: "ethereum", vsCurrency: "usd")

    /// One offer and whether it is expected to be taken.
    struct Offer: Sendable {
        var time: Int64
        var order: Int64
        var isTaken: Bool
    }

    @Test(
        "of one coin's values the newest stays",
        arguments: [
            ("in order", [Offer(time: 1, order: 0, isTaken: true), Offer(time: 2, order: 1, isTaken: true)], 1),
            (
                "older comes later",
                [Offer(time: 2, order: 0, isTaken: true), Offer(time: 1, order: 1, isTaken: false)], 0
            ),
            (
                "same time, later offset",
                [Offer(time: 2, order: 7, isTaken: true), Offer(time: 2, order: 8, isTaken: true)], 1
            ),
            (
                "same time, earlier offset",
                [Offer(time: 2, order: 7, isTaken: true), Offer(time: 2, order: 6, isTaken: false)], 0
            ),
            ("redelivered", [Offer(time: 2, order: 7, isTaken: true), Offer(time: 2, order: 7, isTaken: false)], 0),
            ("before 1970", [Offer(time: -2, order: 0, isTaken: true), Offer(time: -1, order: 1, isTaken: true)], 1),
        ]
    )
    func keepsNewest(name: String, offers: [Offer], winner: Int) {
        var coalescer = Coalescer<CoinKey, Int>()
        for (index, offer) in offers.enumerated() {
            let version = CacheVersion(timeMicroseconds: offer.time, order: offer.order)
            let isTaken = coalescer.offer(index, for: Self.bitcoin, version: version)
            #expect(isTaken == offer.isTaken)
        }
        #expect(coalescer.entries.map(\.value) == [winner])
    }

    @Test("coins and currencies don't touch each other, and keep the order in which they came")
    func separatesCoins() {
        var coalescer = Coalescer<CoinKey, String>()
        let euro = CoinKey(coinID: "bitcoin", vsCurrency: "eur")
        coalescer.offer("ether", for: Self.ether, version: CacheVersion(timeMicroseconds: 9, order: 0))
        coalescer.offer("dollar", for: Self.bitcoin, version: CacheVersion(timeMicroseconds: 5, order: 1))
        coalescer.offer("euro", for: euro, version: CacheVersion(timeMicroseconds: 1, order: 2))
        coalescer.offer("dollar, newer", for: Self.bitcoin, version: CacheVersion(timeMicroseconds: 6, order: 3))
        #expect(coalescer.entries.map(\.value) == ["ether", "dollar, newer", "euro"])
        coalescer.removeAll()
        #expect(coalescer.entries.isEmpty)
        let isTaken = coalescer.offer("old", for: Self.bitcoin, version: CacheVersion(timeMicroseconds: 0, order: 0))
        #expect(isTaken)
    }
}
