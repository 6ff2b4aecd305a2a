import Shared
import Testing

@testable import Cacher

/// The orders of a market's coins.
@Suite("MarketSnapshot")
struct MarketSnapshotTests {
    private func row(_ coin: String, change: String?, volume: String? = nil) throws -> PriceRow {
        func field(_ text: String?) -> RedisReply { text.map { .string(Array($0.utf8)) } ?? .null }
        let values: [String?] = [
            coin, nil, nil, "usd", "1", nil, "x", volume, nil, nil, change, "2026-11-29T12:00:00.000Z", nil, nil,
            nil, nil, nil,
        ]
        return try #require(PriceRow(.array(values.map(field))))
    }

    @Test(
        "by change: the highest first, compared as numbers, and coins without a figure, or with none that can be read, last"
    )
    func change() throws {
        let changes: [(String, String?)] = [
            ("a", "9"), ("b", "10.5"), ("c", nil), ("d", "-3"), ("e", "what"), ("f", "-20"),
        ]
        let market = MarketSnapshot(rows: try changes.map { try row($0.0, change: $0.1) })
        #expect(market.sorted(by: .change, limit: 10).map(\.coinID) == ["b", "a", "d", "f", "c", "e"])
        #expect(market.sorted(by: .change, limit: 2).map(\.coinID) == ["b", "a"])
        #expect(market.gainers(limit: 10).map(\.coinID) == ["b", "a"])
        #expect(market.losers(limit: 10).map(\.coinID) == ["f", "d"])
        #expect(market.sorted(by: .rank, limit: 3).map(\.coinID) == ["a", "b", "c"])
    }

    @Test("by volume: every digit counts")
    func volume() throws {
        let rows = [
            try row("a", change: nil, volume: "12345678901234567890.1"),
            try row("b", change: nil, volume: "12345678901234567890.2"),
        ]
        #expect(MarketSnapshot(rows: rows).sorted(by: .volume, limit: 2).map(\.coinID) == ["b", "a"])
    }

    @Test("a coin that has no price any more is none")
    func missing() {
        #expect(PriceRow(.array(Array(repeating: .null, count: PriceRow.fields.count))) == nil)
        #expect(PriceRow(.array([])) == nil)
        #expect(PriceRow(.null) == nil)
    }
}
