import Shared
import TestSupport
import Testing

@testable import Persister

@Suite("Dead letters, read again")
struct StoredDeadLetterTests {
    @Test("What a service wrote is read again: the record's own parts apart from what is said of it")
    func whole() throws {
        let own = [KafkaHeader("schema", "price-tick/1"), KafkaHeader("traceparent", [0xFF])]
        let letter = Letters.letter(at: 42, of: 7, reason: "no such price", sqlState: "23514", headers: own)
        #expect(letter.place == DeadLetterPlace(partition: 0, offset: 42) && "\(letter.place)" == "0@42")
        #expect(letter.headers == own)
        #expect(letter.key == Array("bitcoin".utf8) && letter.value == Array("{}".utf8))
        #expect(letter.time?.description == "2026-11-22T12:00:00.000Z")
        let refusal = try #require(letter.refusal)
        #expect(refusal.service == "persister" && refusal.reason == "no such price" && refusal.sqlState == "23514")
        #expect(refusal.source == Letters.raw && refusal.offset == 7)
        #expect(refusal.keySize == nil && refusal.valueSize == nil && letter.requeued == nil)
    }

    @Test("Headers of the record's own that are called as ours stay its own")
    func names() throws {
        let own = ["error", "service", "source_topic", "source_partition", "source_offset", "sqlstate", "value_size"]
            .map { KafkaHeader($0, "70000") }
        let letter = Letters.letter(reason: "ours", headers: own)
        #expect(letter.headers == own)
        #expect(letter.refusal?.reason == "ours" && letter.refusal?.valueSize == nil && letter.refusal?.sqlState == nil)
    }

    @Test("What was too long says how long it was; a record without key or value is no empty one")
    func lengths() throws {
        let long = Letters.letter(key: [UInt8](repeating: 1, count: 5_000), value: [UInt8](repeating: 2, count: 70_000))
        #expect(long.refusal?.keySize == 5_000 && long.refusal?.valueSize == 70_000)
        #expect(long.key?.count == 4_096 && long.value?.count == 65_536 && long.headers.isEmpty)
        let exact = Letters.letter(key: [], value: [UInt8](repeating: 2, count: 65_536))
        #expect(exact.refusal?.valueSize == nil && exact.key == [])
        let none = Letters.letter(key: nil, value: nil)
        #expect(none.key == nil && none.value == nil)
    }

    @Test(
        "A record that somebody else wrote is no dead letter of ours",
        arguments: [
            [], [KafkaHeader("error", "why")],
            [
                KafkaHeader("error", "why"), KafkaHeader("service", "x"), KafkaHeader("source_topic", "t"),
                KafkaHeader("source_partition", "-1"), KafkaHeader("source_offset", "1"),
            ],
            [
                KafkaHeader("error", "why"), KafkaHeader("service", "x"), KafkaHeader("source_topic", "t"),
                KafkaHeader("source_partition", "1"), KafkaHeader("source_offset", "99999999999999999999"),
            ],
        ]
    )
    func foreign(headers: [KafkaHeader]) {
        let letter = Letters.stored(headers, value: Array("x".utf8))
        #expect(letter.refusal == nil && letter.headers == headers)
    }

    @Test("Whatever headers somebody writes, they are taken apart and nothing of them is lost")
    func anyHeaders() {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        let names = [
            "error", "service", "source_topic", "source_partition", "source_offset", "sqlstate", "value_size",
            "key_size",
            "requeued_for", "requeued_from", "requeued_count", "headers_dropped", "x",
        ]
        let values = ["", "0", "7", "-1", "65537", "9223372036854775807", "9223372036854775808", "a,b", ",,"]
        var whole = 0
        for _ in 0..<20_000 {
            var headers = (0..<Int.random(in: 0...9, using: &random)).map { _ in
                KafkaHeader(names.randomElement(using: &random) ?? "", values.randomElement(using: &random) ?? "")
            }
            // Half of them nearly right.
            if Bool.random(using: &random) {
                for name in names.prefix(5) {
                    headers.append(KafkaHeader(name, Bool.random(using: &random) ? "7" : "-1"))
                }
            }
            let size = [0, 65_536].randomElement(using: &random) ?? 0
            let letter = Letters.stored(headers, key: [], value: [UInt8](repeating: 1, count: size))
            #expect(Array(headers.prefix(letter.headers.count)) == letter.headers, "seed \(seed)")
            guard let refusal = letter.refusal else {
                #expect(letter.headers == headers, "seed \(seed)")
                continue
            }
            whole += 1
            let taken = 5 + (refusal.sqlState == nil ? 0 : 1) + (refusal.valueSize == nil ? 0 : 1)
            #expect(letter.headers.count == headers.count - taken && refusal.offset >= 0, "seed \(seed)")
            var batch = RequeueBatch()
            batch.add(letter, refusal)
            #expect((Requeued(batch.records[0].headers(from: "d"))?.count ?? 0) > 0, "seed \(seed)")
        }
        #expect(whole > 1_000, "seed \(seed)")
    }

    @Test("How often a record came has no overflow")
    func counts() throws {
        let own = Requeued(from: "d", services: ["persister"], count: .max).headers(before: [])
        let letter = Letters.letter(headers: own)
        var batch = RequeueBatch()
        batch.add(letter, try #require(letter.refusal))
        #expect(Requeued(batch.records[0].headers(from: "d"))?.count == .max)
    }

    @Test("A place is PARTITION@OFFSET, and nothing else")
    func places() {
        #expect(DeadLetterPlace(argument: "2@17") == DeadLetterPlace(partition: 2, offset: 17))
        for text in ["", "2", "2@", "@17", "-1@17", "2@-1", "2@17@3", "2@9223372036854775807", "9999999999@1", "a@b"] {
            #expect(DeadLetterPlace(argument: text) == nil, "\(text)")
        }
    }

    @Test("A time is RFC 3339, a day, or how long ago it was")
    func moments() throws {
        let now = try #require(EventTime("2026-11-30T12:00:00Z"))
        for (text, expected) in [
            ("2026-11-30T09:00:00+01:00", "2026-11-30T08:00:00Z"), ("2026-11-29", "2026-11-29T00:00:00Z"),
            ("90m", "2026-11-30T10:30:00Z"), ("0s", "2026-11-30T12:00:00Z"), ("7d", "2026-11-23T12:00:00Z"),
        ] {
            #expect(Moment(text, now: now)?.time == EventTime(expected), "\(text)")
        }
        for text in ["", "yesterday", "-5m", "2026-13-01", "9223372036854775807d", "9000000000000s", "99999999999h"] {
            #expect(Moment(text, now: now) == nil, "\(text)")
        }
    }
}
