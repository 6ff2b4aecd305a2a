import Shared
import Testing

@testable import Persister

@Suite("Dead letters as they are shown")
struct DeadLetterTextTests {
    @Test("A line says where, when, who, from where, which key, whether it was put back, and why")
    func line() {
        let letter = Letters.letter(at: 42, reason: "the price\u{1B}[2J is\nodd")
        #expect(
            DeadLetterText.line(letter, isPutBack: false)
                == "0@42  2026-11-22T12:00:00.000Z  persister  prices.raw[1]@7  bitcoin  open  "
                + "the price\u{FFFD}[2J is\u{FFFD}odd"
        )
        let again = Letters.letter(
            key: [0xFF, 0x00],
            headers: Requeued(from: "d[0]@1", services: ["persister"], count: 2).headers(before: [])
        )
        #expect(
            DeadLetterText.line(again, isPutBack: true)
                == "0@0  2026-11-22T12:00:00.000Z  persister  prices.raw[1]@7  0xff00  put back  "
                + "why (was put back 2 times before)"
        )
        #expect(
            DeadLetterText.line(Letters.stored([]), isPutBack: false)
                == "0@0  no time  no dead letter of Tickline's  no key"
        )
    }

    @Test("A JSON object has the same, on one line")
    func json() {
        #expect(
            DeadLetterText.json(Letters.letter(at: 42, reason: "a\n\"b\"", sqlState: "23514"), isPutBack: true)
                == #"{"partition":0,"offset":42,"time":"2026-11-22T12:00:00.000Z","service":"persister","#
                + #""reason":"a\n\"b\"","sqlstate":"23514","source_topic":"prices.raw","source_partition":1,"#
                + #""source_offset":7,"put_back":true,"key":"bitcoin","value_bytes":2}"#
        )
        #expect(
            DeadLetterText.json(Letters.stored([], key: [0xFF]), isPutBack: false)
                == #"{"partition":0,"offset":0,"key_hex":"ff"}"#
        )
    }

    @Test("Everything about one: what is text as text, what isn't as a hexdump, and long values cut")
    func whole() {
        let text = DeadLetterText.whole(
            Letters.letter(at: 42, headers: [KafkaHeader("own", [0xFF])]),
            in: "prices.dead-letter",
            state: "no"
        )
        for row in [
            "dead letter   prices.dead-letter, partition 0, offset 42", "written       2026-11-22T12:00:00.000Z",
            "service       persister", "reason        why", "came from     prices.raw, partition 1, offset 7",
            "put back      no", "key           bitcoin", "header        own = 0xff", "value         2 bytes", "{}",
        ] {
            #expect(text.contains(row + "\n"), "\(row) in \(text)")
        }
        let long = DeadLetterText.whole(
            Letters.letter(value: [UInt8](repeating: 0xE9, count: 65_600)),
            in: "d",
            state: "no"
        )
        #expect(long.contains("value         65536 bytes, cut: it had 65600\n"))
        #expect(long.contains("\n00000ff0  e9") && !long.contains("\n00001000"))
        #expect(long.hasSuffix("… and 61440 bytes more (--raw writes all of them)\n"))
        let odd = DeadLetterText.whole(Letters.letter(value: Array("a\u{1B}[2J\nb".utf8)), in: "d", state: "no")
        #expect(odd.hasSuffix("\na\u{FFFD}[2J\nb\n"))
    }

    @Test("A hexdump is that of hexdump -C")
    func hexdump() {
        let bytes = Array("0123456789abcdef".utf8) + [0, 0x7F, 0x20]
        #expect(
            Hexdump.lines(bytes) == """
                00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|
                00000010  00 7f 20                                          |.. |

                """
        )
        #expect(
            Hexdump.lines(bytes.prefix(9)) == """
                00000000  30 31 32 33 34 35 36 37  38                       |012345678|

                """
        )
        #expect(
            Hexdump.lines(bytes.prefix(8)) == """
                00000000  30 31 32 33 34 35 36 37                           |01234567|

                """
        )
        #expect(Hexdump.lines([UInt8]()).isEmpty)
    }

    @Test("The summary counts by service and reason, whatever the numbers in it, and has an end")
    func summary() {
        var summary = DeadLetterSummary()
        for byte in 0..<12 {
            summary.add(Letters.letter(reason: "odd at byte \(byte)"), isPutBack: byte < 2)
        }
        for price in ["1", "x"] {
            let reason = "row for \"chunk_1\" is odd: Failing row contains (\(price)). (SQLSTATE 23514)"
            summary.add(Letters.letter(reason: reason, sqlState: "23514"), isPutBack: false)
        }
        summary.add(Letters.letter(service: "cacher", reason: "late"), isPutBack: false)
        summary.add(Letters.stored([]), isPutBack: false)
        #expect(
            summary.text == """
                  count  put back  service     reason
                     12         2  persister   odd at byte #
                      2         0  persister   row for "chunk_#" is odd (23514)
                      1         0  -           no dead letter of Tickline's
                      1         0  cacher      late
                     16         2  in all

                """
        )
        #expect(summary.json.hasPrefix(#"{"service":"persister","reason":"odd at byte #","count":12,"put_back":2}"#))
        for number in 0..<1_000 {
            summary.add(Letters.letter(reason: String(repeating: "x", count: number)), isPutBack: false)
        }
        let lines = summary.text.split(separator: "\n")
        #expect(lines.count == DeadLetterSummary.maximumKinds + 3, "with the head, the rest and the sum")
        #expect(lines.contains { $0.hasSuffix("other reasons") })
        #expect(lines.last?.hasPrefix("   1016         2") == true)
    }
}
