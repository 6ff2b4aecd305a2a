import Shared
import Testing

@Suite("JSON of the model")
struct ModelJSONTests {
    private static let tick = """
        {"coin_id":"bitcoin","symbol":"btc","name":"Bitcoin","vs_currency":"usd","price":67187.3358936,\
        "market_cap":1317802988326.25,"market_cap_rank":1,"total_volume":31260929299.52,"high_24h":67450.1,\
        "low_24h":65872.4,"price_change_percentage_24h":1.27,"timestamp":"2026-11-22T20:35:00.123Z",\
        "ingested_at":"2026-11-22T20:35:01.456Z","source":"coingecko"}
        """
    private static let aggregate = """
        {"coin_id":"bitcoin","vs_currency":"usd","window":"tumbling","window_start":"2026-11-22T20:35:00.000Z",\
        "window_end":"2026-11-22T20:36:00.000Z","open":67187.33,"high":67200,"low":67180.5,"close":67199.01,\
        "average":67191.2,"sample_count":12,"total_volume":31260929299.52,\
        "first_tick_at":"2026-11-22T20:35:00.123Z","last_tick_at":"2026-11-22T20:35:58.900Z","revision":0,\
        "synthetic":false,"partial":false}
        """
    private static let trade = """
        {"coin_id":"bitcoin","symbol":"btc","name":"Bitcoin","vs_currency":"usd","price":67187.33,"size":0.00251,\
        "trade_id":"829124301","side":"sell","timestamp":"2026-11-22T20:35:00.123456Z",\
        "ingested_at":"2026-11-22T20:35:00.456Z","source":"kraken"}
        """
    private static let candle = """
        {"coin_id":"bitcoin","vs_currency":"usd","window":"tumbling","window_start":"2026-11-22T20:35:00.000Z",\
        "window_end":"2026-11-22T20:36:00.000Z","open":67187.33,"high":67200,"low":67180.5,"close":67199.01,\
        "average":67191.2,"sample_count":12,"trade_count":11,"volume":1.5,"quote_volume":100785,"vwap":67190,\
        "revision":0,"synthetic":false,"partial":true}
        """
    private static let alert = """
        {"alert_id":"btc-drop:bitcoin:usd:2026-11-22T20:36:00.000Z","rule_id":"btc-drop","coin_id":"bitcoin",\
        "vs_currency":"usd","kind":"change_pct","threshold":-3,"window":"5m","value":-3.42,"price":64890.1,\
        "triggered_at":"2026-11-22T20:36:00.000Z"}
        """
    private static let rule = """
        {"rule_id":"btc-drop","coin_id":"bitcoin","vs_currency":"usd","kind":"change_pct","threshold":-3,\
        "window":"5m","cooldown":"15m","enabled":true}
        """

    private func written(_ write: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        write(&writer)
        return writer.text
    }

    @Test("writes the design's tick as it read it")
    func tickExample() throws {
        let tick = try PriceTick(json: ModelJSONTests.tick.utf8.span)
        #expect(tick.coinID == "bitcoin" && tick.symbol == "btc" && tick.name == "Bitcoin" && tick.vsCurrency == "usd")
        #expect(tick.price.description == "67187.3358936" && tick.marketCap?.description == "1317802988326.25")
        #expect(tick.marketCapRank == 1 && tick.totalVolume?.description == "31260929299.52")
        #expect(tick.high24h?.description == "67450.1" && tick.low24h?.description == "65872.4")
        #expect(tick.priceChangePercentage24h?.description == "1.27" && tick.source == "coingecko")
        #expect(tick.timestamp.description == "2026-11-22T20:35:00.123Z")
        #expect(tick.ingestedAt.description == "2026-11-22T20:35:01.456Z")
        #expect(written(tick.write) == ModelJSONTests.tick)
    }

    @Test("writes a trade as it read it")
    func tradeExample() throws {
        let tick = try PriceTick(json: ModelJSONTests.trade.utf8.span)
        #expect(tick.size == Price("0.00251") && tick.tradeID == "829124301" && tick.side == .sell)
        #expect(written(tick.write) == ModelJSONTests.trade)
    }

    @Test("writes a candle of trades as it read it")
    func candleExample() throws {
        let aggregate = try PriceAggregate(json: ModelJSONTests.candle.utf8.span)
        #expect(aggregate.tradeCount == 11 && aggregate.volume == Price("1.5") && aggregate.vwap == Price(67_190))
        #expect(aggregate.quoteVolume == Price(100_785))
        #expect(written(aggregate.write) == ModelJSONTests.candle)
    }

    @Test(
        "refuses figures of trades that can't be",
        arguments: [
            (#""size":0.00251"#, #""size":-1"#, "size must not be negative"),
            (#""size":0.00251"#, #""size":1e20"#, "size must be below 10^20"),
            (#""trade_id":"829124301""#, #""trade_id":"""#, "trade_id must not be empty"),
            (#""trade_id":"829124301""#, #""trade_id":829124301"#, "trade_id: the value must be a text"),
            (#""side":"sell""#, #""side":"SELL""#, "side: SELL is not one of buy, sell"),
        ]
    )
    func faultyTrade(part: String, replacement: String, message: String) throws {
        let text = ModelJSONTests.trade.replacing(part, with: replacement)
        let error = try #require(throws: JSONError.self) { try PriceTick(json: text.utf8.span) }
        #expect(error.description.hasPrefix(message))
    }

    @Test(
        "refuses a candle of trades that can't be",
        arguments: [
            (#""trade_count":11"#, #""trade_count":13"#, "trade_count must lie from 0 to sample_count"),
            (#""volume":1.5"#, #""volume":-1.5"#, "volume must not be negative"),
            (#""quote_volume":100785"#, #""quote_volume":-1"#, "quote_volume must not be negative"),
            (#""vwap":67190"#, #""vwap":67200.01"#, "vwap must lie from low to high"),
        ]
    )
    func faultyCandle(part: String, replacement: String, message: String) throws {
        let text = ModelJSONTests.candle.replacing(part, with: replacement)
        let error = try #require(throws: JSONError.self) { try PriceAggregate(json: text.utf8.span) }
        #expect(error.description.hasPrefix(message))
    }

    @Test("scans the design's tick without strings")
    func scannedTick() throws {
        let record = ModelJSONTests.tick.utf8.span
        let scanned = try ScannedTick(json: record)
        let isBitcoin = scanned.coinID.equals("bitcoin", in: record)
        let source = scanned.source.string(in: record)
        let tick = scanned.tick(in: record)
        #expect(isBitcoin && !scanned.coinID.isEscaped)
        #expect(source == "coingecko")
        #expect(try tick == PriceTick(json: record))
    }

    @Test("writes the design's aggregate as it read it, partial or not; without the field it isn't")
    func aggregateExample() throws {
        var aggregate = try PriceAggregate(json: ModelJSONTests.aggregate.utf8.span)
        #expect(aggregate.sampleCount == 12 && aggregate.window == .tumbling && !aggregate.partial)
        #expect(written(aggregate.write) == ModelJSONTests.aggregate)
        aggregate.partial = true
        let text = written(aggregate.write)
        #expect(text == ModelJSONTests.aggregate.replacing(#""partial":false"#, with: #""partial":true"#))
        #expect(try PriceAggregate(json: text.utf8.span) == aggregate)
        aggregate.partial = false
        let older = ModelJSONTests.aggregate.replacing(#","partial":false"#, with: "")
        #expect(try PriceAggregate(json: older.utf8.span) == aggregate)
    }

    @Test("writes the design's alert as it read it")
    func alertExample() throws {
        let alert = try PriceAlert(json: ModelJSONTests.alert.utf8.span)
        #expect(alert.windowMicroseconds == 300_000_000 && alert.kind == .changePct && alert.threshold == Price(-3))
        #expect(written(alert.write) == ModelJSONTests.alert)
    }

    @Test("writes the design's rule as it read it")
    func ruleExample() throws {
        let rule = try AlertRule(json: ModelJSONTests.rule.utf8.span)
        #expect(rule.cooldownMicroseconds == 900_000_000 && rule.enabled)
        #expect(written(rule.write) == ModelJSONTests.rule)
    }

    @Test("takes null, unknown fields, another order, white space and escaped keys")
    func leniency() throws {
        let text = #"""
             { "source" : "replay", "extra" : {"a":[1,{"b":null}]}, "market_cap" : null, "high_24h":null,
              "market_cap_rank":null, "ingested_at":"2026-11-22T21:35:01+01:00", "timestamp":"2026-11-22T20:35:00Z",
              "coin\u005fid":"01coin", "name":"\u0030\ud83d\udc36", "symbol":"", "vs_currency":"usd", "price":8.08e-06 }
            """#
        let tick = try PriceTick(json: text.utf8.span)
        #expect(tick.coinID == "01coin" && tick.name == "0🐶" && tick.symbol == "" && tick.price == Price("0.00000808"))
        #expect(tick.marketCap == nil && tick.marketCapRank == nil && tick.high24h == nil && tick.low24h == nil)
        #expect(tick.ingestedAt.microseconds - tick.timestamp.microseconds == 1_000_000)
    }

    @Test("takes the first of equal keys")
    func duplicates() throws {
        let text = ModelJSONTests.rule.dropLast() + #","threshold":7,"enabled":"not even a boolean","window":null}"#
        let rule = try AlertRule(json: text.utf8.span)
        #expect(rule.threshold == Price(-3) && rule.enabled && rule.windowMicroseconds == 300_000_000)
    }

    @Test(
        "names the field that is missing",
        arguments: ["coin_id", "vs_currency", "price", "timestamp"]
    )
    func missingTickField(name: String) {
        let text = ModelJSONTests.tick.replacing("\"\(name)\"", with: "\"other\"")
        #expect(throws: JSONError(.missingField(name), at: text.utf8.count)) { try PriceTick(json: text.utf8.span) }
    }

    @Test(
        "names the field of an aggregate that is missing",
        arguments: [
            "coin_id", "vs_currency", "window", "window_start", "window_end", "open", "high", "low", "close", "average",
            "sample_count", "revision", "synthetic",
        ]
    )
    func missingAggregateField(name: String) {
        let text = ModelJSONTests.aggregate.replacing("\"\(name)\"", with: "\"other\"")
        #expect(throws: JSONError(.missingField(name), at: text.utf8.count)) {
            try PriceAggregate(json: text.utf8.span)
        }
    }

    @Test(
        "names the field whose value is wrong",
        arguments: [
            (#""price":67187.3358936"#, #""price":null"#, "price: the value must be a number, at byte 81"),
            (#""price":67187.3358936"#, #""price":"1""#, "price: the value must be a number, at byte 81"),
            (#""price":67187.3358936"#, #""price":1e30"#, "price: the number is out of range, at byte 81"),
            (
                #""market_cap_rank":1"#, #""market_cap_rank":1.5"#,
                "market_cap_rank: the number is out of range, at byte 143"
            ),
            (#""symbol":"btc""#, #""symbol":7"#, "symbol: the value must be a text, at byte 30"),
            ("00.123Z", "60.123Z", "timestamp: the text is not an RFC 3339 time, at byte 260"),
        ]
    )
    func wrongValue(part: String, replacement: String, message: String) throws {
        let text = ModelJSONTests.tick.replacing(part, with: replacement)
        let error = try #require(throws: JSONError.self) { try PriceTick(json: text.utf8.span) }
        #expect(error.description == message)
    }

    @Test(
        "refuses a rule that makes no sense",
        arguments: [
            (#""kind":"change_pct""#, #""kind":"sideways""#, "kind: sideways is not one of above, below, change_pct"),
            (#""window":"5m""#, #""window":null"#, "change_pct needs a window"),
            (#""window":"5m""#, #""window":"0s""#, "window must be longer than nothing"),
            (#""window":"5m""#, #""window":"5 min""#, "window: the text is not a duration"),
            (#""cooldown":"15m""#, #""cooldown":"-1s""#, "cooldown: the text is not a duration"),
            (#""threshold":-3"#, #""threshold":0"#, "threshold must not be zero for change_pct"),
            (#""kind":"change_pct""#, #""kind":"below""#, "threshold must be a positive price for below"),
            (#""kind":"change_pct""#, #""kind":"above""#, "threshold must be a positive price for above"),
            (#""rule_id":"btc-drop""#, #""rule_id":"""#, "rule_id must not be empty"),
            (#""coin_id":"bitcoin""#, #""coin_id":"""#, "coin_id must not be empty"),
            (#""vs_currency":"usd""#, #""vs_currency":"""#, "vs_currency must not be empty"),
            (#""threshold":-3,"#, "", "the field threshold is missing"),
            (#""kind":"change_pct","#, "", "the field kind is missing"),
        ]
    )
    func faultyRule(part: String, replacement: String, message: String) throws {
        let text = ModelJSONTests.rule.replacing(part, with: replacement)
        let error = try #require(throws: JSONError.self) { try AlertRule(json: text.utf8.span) }
        #expect(error.description.hasPrefix(message))
    }

    @Test("fills in what a rule may leave out")
    func shortRule() throws {
        let text = #"{"rule_id":"r","coin_id":"*","vs_currency":"usd","kind":"above","threshold":100000}"#
        let rule = try AlertRule(json: text.utf8.span)
        let expected = AlertRule(ruleID: "r", coinID: "*", vsCurrency: "usd", kind: .above, threshold: Price(100_000))
        #expect(rule == expected)
    }

    @Test("isn't satisfied with anything but one object", arguments: ["", "null", "[]", "1", "{} {}", "\"{}\""])
    func notAnObject(text: String) {
        #expect(throws: JSONError.self) { try PriceTick(json: text.utf8.span) }
        #expect(throws: JSONError.self) { try PriceAggregate(json: text.utf8.span) }
        #expect(throws: JSONError.self) { try PriceAlert(json: text.utf8.span) }
        #expect(throws: JSONError.self) { try AlertRule(json: text.utf8.span) }
    }
}
