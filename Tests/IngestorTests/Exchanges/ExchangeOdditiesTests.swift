import Shared
import Testing

@testable import Ingestor

@Suite("What no exchange should send")
struct ExchangeOdditiesTests {
    /// An exchange, a message and a page of its, and how both write a trade's members.
    struct Case: Sendable, CustomTestStringConvertible {
        var exchange: any Exchange
        var message: String
        var page: String
        var id: String
        var price: String
        var size: String
        var member: String
        var name: String

        var testDescription: String { exchange.name }
    }

    static let cases = [
        Case(
            exchange: CoinbaseExchange(products: [.named("SKL-USD")]),
            message: CoinbaseRecordings.matches[1],
            page: CoinbaseRecordings.history,
            id: "1568268",
            price: #""0.791""#,
            size: #""450""#,
            member: #""time":"#,
            name: "SKL-USD"
        ),
        Case(
            exchange: KrakenExchange(products: [.named("BTC/USD")]),
            message: KrakenRecordings.update,
            page: KrakenRecordings.history,
            id: "72166031",
            price: "68580.0",
            size: "0.14225864",
            member: #""timestamp":"#,
            name: "BTC/USD"
        ),
        Case(
            exchange: BinanceExchange(products: [.named("ETHUSDT")]),
            message: BinanceRecordings.trade,
            page: BinanceRecordings.history,
            id: "705291099",
            price: #""4149.74000000""#,
            size: #""0.43870000""#,
            member: #""T":"#,
            name: "ETHUSDT"
        ),
    ]

    @Test("a missing member is named", arguments: cases)
    func missing(_ test: Case) throws {
        let error = try fault {
            _ = try test.exchange.events(test.message.replacing(test.member, with: #""other":"#))
        }
        #expect("\(error)".contains(test.member.filter(\.isLetter)))
    }

    @Test("a member of a wrong type, a negative one and one out of range are errors", arguments: cases)
    func wrong(_ test: Case) throws {
        let quoted = test.price.hasPrefix("\"")
        func number(_ text: String) -> String { quoted ? "\"\(text)\"" : text }
        let huge = String(repeating: "9", count: 400)
        let replacements = [
            (test.id, "\"7\""), (test.id, "7.5"), (test.id, "-1"), (test.id, "9223372036854775808"), (test.id, huge),
            (test.id, "null"), (test.price, "null"), (test.price, "[]"), (test.price, number("-1")),
            (test.price, number(huge)), (test.price, number("1e20")), (test.price, number("1e-19")),
            (test.price, number("0.1234567890123456789")), (test.price, number("0x1")), (test.size, number("-1e-18")),
            (test.size, number("100000000000000000000")), (test.size, quoted ? "1" : "\"1\""),
            (test.size, number("1 ")), ("\"\(test.name)\"", "7"), ("\"\(test.name)\"", "{}"),
        ]
        // White space behind a number is allowed where the number isn't quoted.
        for (old, new) in replacements where quoted || new != "1 " {
            let message = test.message.replacing(old, with: new)
            #expect(message != test.message, "\(old) isn't there")
            #expect(throws: JSONError.self, "\(new) for \(old)") { try test.exchange.events(message) }
        }
    }

    @Test("the largest id and the smallest size are trades", arguments: cases)
    func extremes(_ test: Case) throws {
        let quoted = test.price.hasPrefix("\"")
        let message = test.message
            .replacing(test.id, with: "\(Int64.max)")
            .replacing(test.size, with: quoted ? "\"0.000000000000000001\"" : "0.000000000000000001")
        let trade = try #require(try test.exchange.events(message).first?.trade)
        #expect(trade.id == .max)
        #expect(trade.size.units == 1)
    }

    @Test("every beginning of a message or a page is an error", arguments: cases)
    func cut(_ test: Case) throws {
        for length in 0..<test.message.utf8.count {
            let part = String(decoding: Array(test.message.utf8.prefix(length)), as: UTF8.self)
            #expect(throws: JSONError.self) { try test.exchange.events(part) }
        }
        for length in 0..<test.page.utf8.count {
            let part = String(decoding: Array(test.page.utf8.prefix(length)), as: UTF8.self)
            #expect(throws: JSONError.self) { try test.exchange.history(part) }
        }
    }

    @Test("unknown members of any depth are passed over; what is nested too deep is an error", arguments: cases)
    func deep(_ test: Case) throws {
        let expected = try test.exchange.events(test.message)
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        let inside = test.message.replacing(test.member, with: #""new":{"a":\#(nested(400))},\#(test.member)"#)
        #expect(try test.exchange.events(inside) == expected)
        let outside = "{\"new\":\(nested(500)),\(test.message.dropFirst())"
        #expect(try test.exchange.events(outside) == expected)
        let tooDeep = "{\"new\":\(nested(100_000)),\(test.message.dropFirst())"
        #expect(try fault { _ = try test.exchange.events(tooDeep) }.kind == .tooDeep)
        #expect(throws: JSONError.self) { try test.exchange.history("{\"error\":[],\"result\":\(nested(600))}") }
    }

    @Test("a name with U+0000 or other letters is another product's, an escaped one ours", arguments: cases)
    func names(_ test: Case) throws {
        for odd in [#"\u0000"#, "\(test.name)\\u0000", "é", String(repeating: "A", count: 70_000), ""] {
            let events = try test.exchange.events(test.message.replacing(test.name, with: odd))
            guard case .ignored(let kind) = events.first else {
                Issue.record("\(odd.prefix(20)) isn't ignored")
                continue
            }
            #expect(kind.utf8.count < 100)
        }
        let first = try #require(test.name.unicodeScalars.first)
        let escaped = "\\u00\(String(first.value, radix: 16))\(test.name.dropFirst())"
        let message = test.message.replacing("\"\(test.name)\"", with: "\"\(escaped)\"")
        #expect(try test.exchange.events(message) == test.exchange.events(test.message))
    }

    @Test("what isn't an object, or says nothing, is an error", arguments: cases)
    func nothing(_ test: Case) throws {
        for text in ["", " ", "null", "[]", "7", "{}", "{\"a\":1}", "{}{}", "\u{0}", "<html>", test.message + "x"] {
            #expect(throws: JSONError.self, "\(text.prefix(10))") { try test.exchange.events(text) }
        }
        for text in ["", "null", "7", "\"x\"", "{}", "[null]", "[[]]", "[{}]", "<html>", test.page + "x"] {
            #expect(throws: JSONError.self, "\(text.prefix(10))") { try test.exchange.history(text) }
        }
    }

    @Test("bytes changed at random never trap, and what is read could be a tick", arguments: cases)
    func random(_ test: Case) throws {
        for seed in 0..<4_000 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            var bytes = Array((seed % 2 == 0 ? test.message : test.page).utf8)
            for _ in 0...Int(random.next() % 3) {
                let place = Int(random.next() % UInt64(bytes.count))
                switch random.next() % 3 {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes.remove(at: place)
                default: bytes.insert(Array("\"{}[],:0e-.\\".utf8)[Int(random.next() % 12)], at: place)
                }
            }
            var events: [FeedEvent] = []
            var trades: [Trade] = []
            try? test.exchange.read(bytes.span, into: &events)
            try? test.exchange.readHistory(bytes.span, of: 0, into: &trades)
            for trade in events.compactMap(\.trade) + trades {
                #expect(trade.product == 0 && trade.id >= 0, "seed \(seed)")
                #expect(trade.price >= .zero && trade.price < RecordLimit.price, "seed \(seed)")
                #expect(trade.size >= .zero && trade.size < RecordLimit.price, "seed \(seed)")
            }
        }
    }
}
