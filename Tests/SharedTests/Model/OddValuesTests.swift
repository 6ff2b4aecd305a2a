import Shared
import Testing

/// What recorded answers of CoinGecko hold that one wouldn't expect.
@Suite("Odd values of real feeds")
struct OddValuesTests {
    private func tick(
        coinID: String = "bitcoin",
        symbol: String = "btc",
        price: String = "1",
        rest: String = "",
        timestamp: String = "2026-11-22T20:35:00.123Z"
    ) throws -> PriceTick {
        let record = """
            {"coin_id":"\(coinID)","symbol":"\(symbol)","name":"x","vs_currency":"usd","price":\(price)\(rest),\
            "timestamp":"\(timestamp)","ingested_at":"2026-11-22T20:35:01Z","source":"coingecko"}
            """
        return try PriceTick(json: record.utf8.span)
    }

    @Test(
        "keeps every digit of every kind of number",
        arguments: [
            ("70187", "70187"), ("77671", "77671"), ("20030493.0", "20030493"), ("0.0", "0"),
            ("8.08e-06", "0.00000808"),
            ("-3.4880680106583e-05", "-0.000034880680106583"), ("3.271e-9", "0.000000003271"),
            ("8.69e-05", "0.0000869"),
            ("77914.82487731134", "77914.82487731134"), ("42.743183414054535", "42.743183414054535"),
            ("1000000000000000.0", "1000000000000000"), ("420689899999994.8", "420689899999994.8"),
            ("9007199254740993", "9007199254740993"), ("1e15", "1000000000000000"), ("0.085", "0.085"),
            ("1317802988326.25", "1317802988326.25"), ("0.000000000001", "0.000000000001"),
        ]
    )
    func numbers(text: String, plain: String) throws {
        // A price has no sign.
        let positive = text.replacing(/^-/, with: "")
        let tick = try tick(price: positive, rest: ",\"market_cap\":\(text)")
        #expect(tick.price.description == plain.replacing(/^-/, with: ""))
        #expect(tick.marketCap?.description == plain)
        var writer = JSONWriter()
        tick.write(to: &writer)
        #expect(writer.text.contains("\"price\":\(tick.price),\"market_cap\":\(plain),"))
    }

    @Test(
        "takes times of any age, with and without milliseconds",
        arguments: [
            ("2019-12-26T17:12:34.220Z", 1_577_380_354_220), ("2020-05-07T17:14:13.364Z", 1_588_871_653_364),
            ("2026-05-18T12:49:21.599Z", 1_779_108_561_599), ("2026-09-01T12:00:30.000Z", 1_788_264_030_000),
            ("2013-07-06T00:00:00.000Z", 1_373_068_800_000), ("2013-07-05T16:00:00.000Z", 1_373_040_000_000),
            ("2026-09-01T12:00:30Z", 1_788_264_030_000),
        ] as [(String, Int64)]
    )
    func times(text: String, milliseconds: Int64) throws {
        #expect(try tick(timestamp: text).timestamp.milliseconds == milliseconds)
    }

    @Test("takes null in every field that may be empty")
    func nulls() throws {
        let names = [
            "market_cap", "market_cap_rank", "total_volume", "high_24h", "low_24h", "price_change_percentage_24h",
        ]
        let tick = try tick(rest: names.map { ",\"\($0)\":null" }.joined())
        #expect(tick.marketCap == nil && tick.marketCapRank == nil && tick.totalVolume == nil && tick.high24h == nil)
        #expect(tick.low24h == nil && tick.priceChangePercentage24h == nil)
    }

    @Test("doesn't mind values that contradict each other")
    func contradiction() throws {
        let tick = try tick(price: "9696.96", rest: ",\"high_24h\":9661.04")
        #expect(tick.high24h.map { $0 < tick.price } == true)
    }

    @Test(
        "takes ids and symbols as they are",
        arguments: [
            ("01coin", "zoc"), ("02-token", "o2t"), ("avalanche-2", "avax"), ("_", "₿"), ("a.b", "🐶"), ("x", ""),
        ]
    )
    func names(coinID: String, symbol: String) throws {
        let tick = try tick(coinID: coinID, symbol: symbol)
        #expect(tick.coinID == coinID && tick.symbol == symbol)
    }
}
