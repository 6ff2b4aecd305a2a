import Shared
import TestSupport
import Testing

@Suite("What a valid tick, window, alert or rule is")
struct ValidityTests {
    private func record(_ members: [String: String]) -> [UInt8] {
        let fields = members.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }
        return Array("{\(fields.joined(separator: ","))}".utf8)
    }

    private func tick(_ changes: [String: String?]) throws -> PriceTick {
        var members = [
            "coin_id": #""bitcoin""#, "vs_currency": #""usd""#, "price": "1", "timestamp": #""2026-11-22T20:35:00Z""#,
        ]
        for (name, value) in changes { members[name] = value }
        return try PriceTick(json: record(members).span, recordTime: EventTime(milliseconds: 1_800_000_000_123))
    }

    private func reason(_ changes: [String: String?]) -> String? {
        do {
            _ = try tick(changes)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test("a tick needs a coin, a currency, a price and a time; everything else has a value of its own")
    func minimal() throws {
        let bare = try tick([:])
        #expect(bare.coinID == "bitcoin" && bare.symbol == "" && bare.name == "" && bare.source == "unknown")
        #expect(bare.ingestedAt.milliseconds == 1_800_000_000_123)
        let null = try tick(["source": "null", "ingested_at": "null", "symbol": "null", "name": "null"])
        #expect(null == bare)
        #expect(try tick(["source": "\"\""]) == bare)
        let record = Array(#"{"coin_id":"a","vs_currency":"b","price":1,"timestamp":"2026-11-22T20:35:00Z"}"#.utf8)
        let scanned = try ScannedTick(json: record.span)
        #expect(scanned.ingestedAt == nil && scanned.ingestedAt(orRecordTime: nil) == scanned.timestamp)
        let source = scanned.withSource(in: record.span) { bytes in bytes.withUnsafeBytes { Array($0) } }
        #expect(source == Array("unknown".utf8))
    }

    @Test("what a tick without symbol, name and source writes is the same tick")
    func writtenAgain() throws {
        let bare = try tick([:])
        var writer = JSONWriter()
        bare.write(to: &writer)
        #expect(!writer.text.contains("symbol") && !writer.text.contains("name"))
        #expect(try PriceTick(json: writer.text.utf8.span) == bare)
    }

    @Test("a price of 0 is a price, one below is none")
    func price() {
        #expect(reason(["price": "0"]) == nil && reason(["price": "-0"]) == nil)
        #expect(reason(["price": "99999999999999999999.999999999999999999"]) == nil)
        #expect(reason(["price": "1e20"])?.hasPrefix("price must be below") == true)
        #expect(reason(["price": "-1e-18"])?.hasPrefix("price must not be negative") == true)
    }

    @Test(
        "texts are as long as their limit, in bytes, escaped or not, and no longer",
        arguments: [
            ("coin_id", RecordLimit.coinID), ("vs_currency", RecordLimit.vsCurrency), ("symbol", RecordLimit.symbol),
            ("name", RecordLimit.name), ("source", RecordLimit.source),
        ]
    )
    func lengths(field: String, limit: Int) {
        let fits = [
            String(repeating: "x", count: limit), String(repeating: "é", count: limit / 2),
            String(repeating: #"\u00e9"#, count: limit / 2), String(repeating: #"\n"#, count: limit),
        ]
        for text in fits {
            #expect(reason([field: "\"\(text)\""]) == nil, "\(text)")
            let reason = reason([field: "\"\(text)x\""])
            #expect(reason?.contains(field) == true && reason?.contains("\(limit)") == true, "\(reason ?? "nil")")
        }
    }

    @Test(
        "an id is not empty and has no U+0000; a name may, and is made fit later",
        arguments: ["coin_id", "vs_currency"]
    )
    func ids(field: String) {
        #expect(reason([field: "\"\""])?.hasPrefix("\(field) must not be empty") == true)
        #expect(reason([field: #""a\u0000b""#])?.contains("U+0000") == true)
        #expect(reason(["source": #""a\u0000b""#])?.contains("U+0000") == true)
        #expect(reason(["name": #""a\u0000b""#, "symbol": #""\u0000""#]) == nil)
    }

    @Test("a rank that no database takes is refused by everybody")
    func rank() {
        #expect(reason(["market_cap_rank": "2147483647"]) == nil)
        #expect(reason(["market_cap_rank": "2147483648"])?.contains("market_cap_rank") == true)
    }

    @Test("a value longer than the limit is refused before it is read, with a short reason")
    func longValue() throws {
        let fits = RecordLimit.value - (try written(tick([:])).count) - #","extra":"""#.count
        #expect(reason(["extra": "\"\(String(repeating: "x", count: fits - 100))\""]) == nil)
        let reason = reason(["extra": "\"\(String(repeating: "x", count: 600_000))\""])
        #expect(reason == "the value has more than 65536 bytes, at byte 0")
    }

    private func written(_ tick: PriceTick) throws -> String {
        var writer = JSONWriter()
        tick.write(to: &writer)
        return writer.text
    }

    @Test("an error repeats no more than a few words of a value")
    func shortReasons() {
        let long = String(repeating: "ä", count: 30_000)
        for field in ["window", "coin_id", "window_start", "open"] {
            let record = Array(#"{"\#(field)":"\#(long)"}"#.utf8)
            let error = #expect(throws: JSONError.self) { try PriceAggregate(json: record.span) }
            #expect(error.map { $0.description.utf8.count < 200 } == true)
        }
    }

    private static let window = PriceAggregate(
        coinID: "bitcoin",
        vsCurrency: "usd",
        window: .tumbling,
        windowStart: EventTime(milliseconds: 60_000),
        windowEnd: EventTime(milliseconds: 120_000),
        open: Price(2),
        high: Price(4),
        low: Price(1),
        close: Price(3),
        average: Price(2),
        sampleCount: 4,
        firstTickAt: EventTime(milliseconds: 60_000),
        lastTickAt: EventTime(milliseconds: 119_999)
    )

    @Test("a window says nothing that no ticks could have made")
    func windows() {
        #expect(Self.window.fault == nil)
        func fault(_ change: (inout PriceAggregate) -> Void) -> String? {
            var window = Self.window
            change(&window)
            return window.fault
        }
        let faults: [(String?, String)] = [
            (fault { $0.low = Price(5) }, "open must lie from low to high"),
            (fault { $0.high = Price(0) }, "open must lie from low to high"),
            (fault { $0.close = Price(9) }, "close must lie from low to high"),
            (fault { $0.average = Price(0) }, "average must lie from low to high"),
            (fault { ($0.low, $0.open) = (Price(-1), Price(-1)) }, "low must not be negative"),
            (fault { $0.windowEnd = $0.windowStart }, "window_end must be after window_start"),
            (fault { $0.sampleCount = -1 }, "sample_count must not be negative"),
            (fault { $0.sampleCount = 0 }, "sample_count must be 0 when synthetic, and only then"),
            (fault { $0.synthetic = true }, "sample_count must be 0 when synthetic, and only then"),
            (fault { $0.revision = -1 }, "revision is out of range"),
            (fault { $0.revision = 1 << 31 }, "revision is out of range"),
            (fault { $0.firstTickAt = EventTime(milliseconds: 59_999) }, "first_tick_at must lie in the window"),
            (fault { $0.lastTickAt = EventTime(milliseconds: 120_000) }, "last_tick_at must lie in the window"),
            (fault { $0.lastTickAt = EventTime(milliseconds: 60_000) }, nil),
            (fault { $0.coinID = "" }, "coin_id must not be empty"),
            (fault { $0.coinID = String(repeating: "x", count: 257) }, "coin_id has 257 bytes, more than 256"),
            (fault { $0.vsCurrency = "a\0" }, "vs_currency holds the character U+0000"),
        ].map { ($0.0, $0.1 ?? "none") }
        for (found, expected) in faults { #expect(found ?? "none" == expected) }
    }

    @Test("alerts and rules have the same limits")
    func alertsAndRules() {
        let long = String(repeating: "x", count: 257)
        var rule = AlertRule(ruleID: "r", coinID: "*", vsCurrency: "usd", kind: .above, threshold: Price(1))
        #expect(rule.fault == nil)
        rule.ruleID = long
        #expect(rule.fault == "rule_id has 257 bytes, more than 256")
        var alert = PriceAlert(
            alertID: "r:c:u:t",
            ruleID: "r",
            coinID: "c",
            vsCurrency: "u",
            kind: .above,
            threshold: Price(1),
            value: Price(1),
            price: Price(1),
            triggeredAt: EventTime(milliseconds: 0)
        )
        #expect(alert.fault == nil)
        alert.price = Price(-1)
        #expect(alert.fault == "price must not be negative")
        alert.coinID = long
        #expect(alert.fault == "coin_id has 257 bytes, more than 256")
    }
}
