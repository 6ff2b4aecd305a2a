import Shared
import TestSupport
import Testing

/// What strangers may put into a topic: nothing of it ends a process, and what is taken comes back the same.
@Suite("Fuzzing: messages", .ownThread)
struct MessageFuzzTests {
    private static let tick = """
        {"coin_id":"bitcoin","symbol":"btc","name":"Bit\\u0063oin \u{1F600}","vs_currency":"usd","price":67187.3358936,\
        "market_cap":1317802988326.25,"market_cap_rank":1,"total_volume":31260929299.52,"high_24h":67450.1,\
        "low_24h":65872.4,"price_change_percentage_24h":-1.27e0,"timestamp":"2026-11-22T20:35:00.123Z",\
        "ingested_at":"2026-11-22T20:35:01.456+01:00","source":"coingecko","more":[{"a":[1,null]}]}
        """
    private static let trade = """
        {"coin_id":"bitcoin","vs_currency":"usd","price":67187.33,"size":0.000000000000000001,"trade_id":"829124301",\
        "side":"sell","timestamp":"2026-11-22T20:35:00.123456Z","source":"kraken"}
        """
    private static let aggregate = """
        {"coin_id":"bitcoin","vs_currency":"usd","window":"tumbling","window_start":"2026-11-22T20:35:00.000Z",\
        "window_end":"2026-11-22T20:36:00.000Z","open":67187.33,"high":67200,"low":67180.5,"close":67199.01,\
        "average":67191.2,"sample_count":12,"trade_count":11,"volume":1.5,"quote_volume":100785,"vwap":67190,\
        "total_volume":31260929299.52,"first_tick_at":"2026-11-22T20:35:00.123Z",\
        "last_tick_at":"2026-11-22T20:35:58.900Z","revision":0,"synthetic":false,"partial":true}
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

    private func written(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        write(&writer)
        return writer.withUnsafeBytes { Array($0) }
    }

    @Test("ticks")
    func ticks() throws {
        try Fuzzing.run([Self.tick, Self.trade]) { input, place in
            guard let tick = try? PriceTick(json: input.span) else { return }
            let again = written { tick.write(to: &$0) }
            let read = try PriceTick(json: again.span)
            #expect(read == tick && tick.fault == nil, "\(place())")
        }
    }

    @Test("aggregates")
    func aggregates() throws {
        try Fuzzing.run([Self.aggregate]) { input, place in
            guard let aggregate = try? PriceAggregate(json: input.span) else { return }
            let again = written { aggregate.write(to: &$0) }
            let read = try PriceAggregate(json: again.span)
            #expect(read == aggregate, "\(place())")
        }
    }

    @Test("alerts")
    func alerts() throws {
        try Fuzzing.run([Self.alert]) { input, place in
            guard let alert = try? PriceAlert(json: input.span) else { return }
            let again = written { alert.write(to: &$0) }
            let read = try PriceAlert(json: again.span)
            #expect(read == alert, "\(place())")
        }
    }

    @Test("rules")
    func rules() throws {
        try Fuzzing.run([Self.rule]) { input, place in
            guard let rule = try? AlertRule(json: input.span) else { return }
            let again = written { rule.write(to: &$0) }
            let read = try AlertRule(json: again.span)
            #expect(read == rule, "\(place())")
        }
    }

    @Test("numbers, times and lengths of time as texts")
    func values() {
        let corpus = ["67187.3358936", "-8.08e-06", "2026-11-22T20:35:00.123456Z", "1735689600010866", "15m", "250ms"]
        Fuzzing.run(corpus) { input, place in
            let text = String(decoding: input, as: UTF8.self)
            if let price = Price(text) { #expect(Price(price.description) == price, "\(place())") }
            if let time = EventTime(text) { #expect(EventTime(time.description) == time, "\(place())") }
            if let length = TextDuration.microseconds(text) {
                #expect(TextDuration.microseconds(TextDuration.text(microseconds: length)) == length, "\(place())")
            }
        }
    }
}
