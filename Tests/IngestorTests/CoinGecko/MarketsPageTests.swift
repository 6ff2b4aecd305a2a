import Foundation
import Shared
import TestSupport
import Testing

@testable import Ingestor

@Suite("/coins/markets")
struct MarketsPageTests {
    private func page(_ text: String) throws -> MarketsPage {
        let bytes = Array(text.utf8)
        return try MarketsPage(json: bytes.span)
    }

    @Test("every field is read digit for digit, and unknown ones are passed over")
    func full() throws {
        let row = try #require(try page("[\(MarketsFixtures.full)]").rows.first)
        #expect(row.id == "bitcoin")
        #expect(row.symbol == "btc")
        #expect(row.name == "Bitcoin")
        #expect(row.currentPrice?.description == "70187")
        #expect(row.marketCap?.description == "1381651251183")
        #expect(row.marketCapRank == 1)
        #expect(row.totalVolume?.description == "20154184933")
        #expect(row.high24h?.description == "70215")
        #expect(row.low24h?.description == "68060.25")
        #expect(row.priceChangePercentage24h?.description == "3.12502")
        #expect(row.lastUpdated == EventTime("2026-05-18T12:49:21.599Z"))
        #expect(row.roundedNumbers == 0)
    }

    @Test("null in every nullable field, the time included")
    func nulls() throws {
        let row = try #require(try page("[\(MarketsFixtures.nulls)]").rows.first)
        var expected = PolledRow(id: "no-market")
        expected.symbol = "nm"
        expected.name = "No Market"
        #expect(row == expected)
    }

    @Test("missing fields are the same as null")
    func missing() throws {
        let row = try #require(try page("[\(MarketsFixtures.priceOnly)]").rows.first)
        var expected = PolledRow(id: "01coin")
        expected.currentPrice = Price("0.00012")
        #expect(row == expected)
    }

    @Test("exponents, 17 significant digits and 10¹⁵ are exact; a percentage beyond 18 places is counted as rounded")
    func digits() throws {
        let row = try #require(try page("[\(MarketsFixtures.digits)]").rows.first)
        #expect(row.currentPrice?.description == "0.00000808")
        #expect(row.marketCap?.description == "4761000000")
        #expect(row.totalVolume?.description == "77914.82487731134")
        #expect(row.high24h?.description == "0.0000869")
        #expect(row.low24h?.description == "0.000000003271")
        #expect(row.priceChangePercentage24h?.description == "-0.000034880680106583")
        #expect(row.isRounded == false)
        #expect(row.roundedNumbers == 0)

        let tiny = try #require(try page(#"[{"id":"a","current_price":1.2345678901234567e-5}]"#).rows.first)
        #expect(tiny.currentPrice?.description == "0.000012345678901235")
        #expect(tiny.isRounded)
        #expect(tiny.roundedNumbers == 1)
    }

    @Test("a page of all of them keeps their order")
    func order() throws {
        #expect(
            try page(MarketsFixtures.page).rows.map(\.id) == [
                "bitcoin", "no-market", "01coin", "shiba-inu", "02-token",
            ]
        )
        #expect(try page(" [ ] ").count == 0)
    }

    @Test(
        "a field of the wrong type spoils its row at most",
        arguments: [
            #"{"id":"a","current_price":"12.5"}"#, #"{"id":"a","current_price":[1]}"#,
            #"{"id":"a","current_price":1e400}"#, #"{"id":"a","current_price":1,"last_updated":"yesterday"}"#,
        ]
    )
    func wrongType(row: String) throws {
        let page = try page("[\(row),\(MarketsFixtures.full)]")
        #expect(page.rows.map(\.isMalformed) == [true, false])
        #expect(page.rows.map(\.id) == ["a", "bitcoin"])
    }

    @Test("an optional field of the wrong type counts as missing")
    func wrongOptional() throws {
        let row = try #require(
            try page(#"[{"id":"a","current_price":1,"market_cap":"big","market_cap_rank":1.5,"symbol":3}]"#).rows.first
        )
        #expect(row.currentPrice?.description == "1")
        #expect(row.marketCap == nil && row.marketCapRank == nil && row.symbol == nil)
        #expect(!row.isMalformed)
    }

    @Test("elements without an id are counted")
    func noID() throws {
        let page = try page(#"[null,{"symbol":"x"},{"id":""},{"id":7},3,[{"id":"b"}],{"id":"a"}]"#)
        #expect(page.rows.map(\.id) == ["a"])
        #expect(page.malformed == 6)
        #expect(page.count == 7)
    }

    @Test(
        "a page is accepted exactly when Foundation accepts it as an array, whatever bytes are changed",
        arguments: 0..<400
    )
    func oracle(seed: Int) throws {
        var random = TestSupport.SplitMix64(seed: UInt64(seed))
        var bytes = Array(MarketsFixtures.page.utf8)
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let index = Int.random(in: 0..<bytes.count, using: &random)
            switch random.next() % 3 {
            case 0: bytes[index] = random.pick(Array("{}[],:\"0e-.nt \\".utf8))
            case 1: bytes.remove(at: index)
            default: bytes.removeSubrange(index...)
            }
            if bytes.isEmpty { break }
        }
        let isAccepted = (try? MarketsPage(json: bytes.span)) != nil
        let expected = (try? JSONSerialization.jsonObject(with: Data(bytes))) is [Any]
        #expect(isAccepted == expected, "seed \(seed): \(String(decoding: bytes, as: UTF8.self))")
    }
}
