import Shared
import TestSupport

/// One record of the poison test: every tenth is a good tick, all others are good ones that were damaged in a way that
/// makes them bad whatever a reader thinks; so the test knows by construction what must become of each.
struct PoisonRecord {
    /// The topic.
    var topic = Topic.raw
    /// The key; nil for none.
    var key: [UInt8]?
    /// The value; nil for a tombstone.
    var value: [UInt8]?
    /// The partition; chosen by the key without it.
    var partition: Int32?
    /// What was done to it; nil for a good tick.
    var damage: String?
}

/// Makes the records of the poison test, the same for the same seed.
struct PoisonRecords {
    /// The time of the first tick, in microseconds; the others follow by a millisecond each.
    let start: Int64
    /// The longest value there is.
    let longest: Int
    /// Partitions of each topic.
    let partitions: Int
    private var random: SplitMix64

    init(seed: UInt64, start: Int64, longest: Int, partitions: Int) {
        self.start = start
        self.longest = longest
        self.partitions = partitions
        random = SplitMix64(seed: seed)
    }

    /// The coin of the good tick of a number.
    static func coin(_ number: Int) -> String { "coin-\(number / 10 % 200)" }

    /// The price of the good tick of a number, as it must stand in the database.
    static func price(_ number: Int) -> Price { Price(units: Int128(number + 1) * 12_345_678_901_234_567) }

    /// The record of a number.
    mutating func record(_ number: Int) -> PoisonRecord {
        let coin = Self.coin(number)
        let good = PoisonRecord(key: Array(coin.utf8), value: Array(tick(number).utf8))
        if number % 10 == 0 { return good }
        if number % 500 == 1 { return long(good) }
        switch number % 20 {
        case 3: return other(.aggregates1m, key: coin, value: window(number))
        case 7: return other(.alerts, key: coin, value: alert(number))
        case 11: return other(.alertRules, key: "rule-\(number)", value: rule(number))
        default: return damaged(good, number)
        }
    }

    // MARK: - Good ones

    private func tick(_ number: Int) -> String {
        """
        {"coin_id":"\(Self.coin(number))","symbol":"c","name":"Coin","vs_currency":"usd","price":\(Self.price(number)),\
        "total_volume":31260929299.52,"timestamp":"\(time(number))","ingested_at":"\(time(number))","source":"test"}
        """
    }

    private func time(_ number: Int) -> EventTime {
        EventTime(microseconds: start + Int64(number) * 1_000)
    }

    private func window(_ number: Int) -> String {
        """
        {"coin_id":"\(Self.coin(number))","vs_currency":"usd","window":"tumbling",\
        "window_start":"2026-11-22T20:35:00Z","window_end":"2026-11-22T20:36:00Z","open":2,"high":3,"low":1,"close":2,\
        "average":2,"sample_count":2,"revision":0,"synthetic":false}
        """
    }

    private func alert(_ number: Int) -> String {
        """
        {"alert_id":"a-\(number)","rule_id":"a","coin_id":"\(Self.coin(number))","vs_currency":"usd","kind":"above",\
        "threshold":1,"value":2,"price":2,"triggered_at":"2026-11-22T20:36:00Z"}
        """
    }

    private func rule(_ number: Int) -> String {
        """
        {"rule_id":"rule-\(number)","coin_id":"*","vs_currency":"usd","kind":"above","threshold":1e18}
        """
    }

    // MARK: - Damage

    private mutating func damaged(_ good: PoisonRecord, _ number: Int) -> PoisonRecord {
        switch Int.random(in: 0..<8, using: &random) {
        case 0: return withOddText(good, number)
        case 1: return withOddNumber(good, number)
        case 2: return withOddTime(good, number)
        case 3: return misplaced(good)
        case 4: return without(good, number)
        default: return broken(good)
        }
    }

    /// A record of another topic, which is never good here: the Aggregator writes those itself.
    private mutating func other(_ topic: Topic, key: String, value: String) -> PoisonRecord {
        let good = PoisonRecord(topic: topic, key: Array(key.utf8), value: Array(value.utf8))
        guard topic == .aggregates1m, Bool.random(using: &random) else { return broken(good) }
        let swaps = [
            ("\"high\":3", "\"high\":0.5"), ("\"low\":1", "\"low\":-1"), ("20:36:00Z", "20:34:00Z"),
            ("\"sample_count\":2", "\"sample_count\":-1"), ("2026-11-22T20:3", "2099-11-22T20:3"),
            ("\"revision\":0", "\"revision\":99999999999"), ("\"tumbling\"", "\"sliding\""),
            ("\"close\":2", "\"close\":9"),
        ]
        let (from, to) = swaps[Int.random(in: 0..<swaps.count, using: &random)]
        return changed(good, value.replacing(from, with: to), "a window with \(to)")
    }

    /// Breaks the JSON: a token left out or replaced, the end missing, bytes that are none of UTF-8.
    private mutating func broken(_ good: PoisonRecord) -> PoisonRecord {
        guard let value = good.value else { return good }
        var bad = good
        switch Int.random(in: 0..<6, using: &random) {
        case 0:
            bad.value = Array(value.prefix(Int.random(in: 1..<value.count, using: &random)))
            bad.damage = "cut"
        case 1:
            bad.value = (0..<Int.random(in: 1...400, using: &random)).map { _ in .random(in: 128...255, using: &random)
            }
            bad.damage = "random bytes"
        case 2:
            let quotes = value.indices.filter { value[$0] == UInt8(ascii: "\"") }
            let place = quotes[Int.random(in: 0..<quotes.count, using: &random)]
            bad.value = Array(value[..<place] + [0xC0, 0xFF] + value[place...])
            bad.damage = "no UTF-8"
        default:
            let tokens = Self.tokens(of: value)
            let token = tokens[Int.random(in: 0..<tokens.count, using: &random)]
            let filler: [UInt8] = Bool.random(using: &random) ? [] : [UInt8(ascii: "@")]
            bad.value = Array(value[..<token.lowerBound] + filler + value[token.upperBound...])
            bad.damage = "token at \(token.lowerBound) \(filler.isEmpty ? "left out" : "replaced")"
        }
        return bad
    }

    /// The JSON tokens of an object without escapes, by place.
    private static func tokens(of value: [UInt8]) -> [Range<Int>] {
        var tokens: [Range<Int>] = []
        var index = 0
        while index < value.count {
            let begin = index
            if value[index] == UInt8(ascii: "\"") {
                index += 1
                while value[index] != UInt8(ascii: "\"") { index += 1 }
                index += 1
            } else if "{}:,".utf8.contains(value[index]) {
                index += 1
            } else {
                while !"{}:,".utf8.contains(value[index]) { index += 1 }
            }
            tokens.append(begin..<index)
        }
        return tokens
    }

    private mutating func withOddText(_ good: PoisonRecord, _ number: Int) -> PoisonRecord {
        let coin = Self.coin(number)
        // Three bytes each, and some stand in the key and in the value: what is sent must fit into a broker's 1 MiB.
        let long = String(repeating: "€", count: Int.random(in: 86...longest / 7, using: &random))
        let texts = [
            ("\"coin_id\":\"\(coin)\"", "\"coin_id\":\"\"", ""),
            ("\"coin_id\":\"\(coin)\"", "\"coin_id\":\"\(long)\"", long),
            ("\"coin_id\":\"\(coin)\"", "\"coin_id\":\"a\\u0000b\"", "a\0b"),
            ("\"coin_id\":\"\(coin)\"", "\"coin_id\":\"\\ud800\"", "\u{FFFD}"),
            ("\"usd\"", "\"\"", coin), ("\"usd\"", "\"\(long)\"", coin), ("\"usd\"", "\"u\\u0000\"", coin),
            ("\"source\":\"test\"", "\"source\":\"\(long)\"", coin), ("\"usd\"", "[\"usd\"]", coin),
            ("\"Coin\"", "\"\(String(repeating: "x", count: 1_025))\"", coin),
        ]
        let (from, to, key) = texts[Int.random(in: 0..<texts.count, using: &random)]
        var bad = changed(good, tick(number).replacing(from, with: to), "text \(to.prefix(40))")
        bad.key = Array(key.utf8)
        return bad
    }

    private mutating func withOddNumber(_ good: PoisonRecord, _ number: Int) -> PoisonRecord {
        let numbers = [
            "-1", "-0.000000000000000001", "1e20", "1e400", "99999999999999999999999", "NaN", "Infinity", "0x10", "1.",
            ".5",
            "01", "1e", "+1", "\"1\"", "true", "null", "[]", "{}", String(repeating: "9", count: 4_000),
            "1e99999999999999",
        ]
        let price = numbers[Int.random(in: 0..<numbers.count, using: &random)]
        let from = "\"price\":\(Self.price(number))"
        return changed(good, tick(number).replacing(from, with: "\"price\":\(price)"), "price \(price.prefix(40))")
    }

    private mutating func withOddTime(_ good: PoisonRecord, _ number: Int) -> PoisonRecord {
        let times = [
            "", "yesterday", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-22T25:00:00Z",
            "2026-11-22T20:35:00",
            "2026-11-22", "20261122T203500Z", "99999-01-01T00:00:00Z", "2026-11-22T20:35:00.Z", "1795305600",
            "\u{1F4A9}",
        ]
        let time = times[Int.random(in: 0..<times.count, using: &random)]
        let from = "\"timestamp\":\"\(self.time(number))\""
        return changed(good, tick(number).replacing(from, with: "\"timestamp\":\"\(time)\""), "time \(time)")
    }

    /// A good value in the wrong place: no key, another key, another partition, no value.
    private mutating func misplaced(_ good: PoisonRecord) -> PoisonRecord {
        var bad = good
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
            bad.key = nil
            bad.damage = "no key"
        case 1:
            bad.key = (good.key ?? []) + [0]
            bad.damage = "another key"
        case 2:
            let home = (good.key ?? []).withUnsafeBufferPointer { Partitioner.partition(of: $0, among: partitions) }
            bad.partition = (home + 1) % Int32(partitions)
            bad.damage = "another partition"
        default:
            bad.value = nil
            bad.damage = "no value"
        }
        return bad
    }

    /// A tick without something that it must give, perhaps with arrays in arrays instead.
    private mutating func without(_ good: PoisonRecord, _ number: Int) -> PoisonRecord {
        let name = ["coin_id", "vs_currency", "price", "timestamp"][Int.random(in: 0..<4, using: &random)]
        let deep = Bool.random(using: &random) ? Int.random(in: 1...10_000, using: &random) : 0
        var text = tick(number).replacing("\"\(name)\":", with: "\"x\(name)\":")
        if deep > 0 {
            let nested = String(repeating: "[", count: deep) + String(repeating: "]", count: deep)
            text = text.replacing("{\"", with: "{\"deep\":\(nested),\"")
        }
        return changed(good, text, "no \(name), \(deep) deep")
    }

    /// A tick that is good but for its length, with its key or beyond every limit.
    private mutating func long(_ good: PoisonRecord) -> PoisonRecord {
        let filler = String(repeating: "x", count: Int.random(in: RecordLimit.value...longest, using: &random))
        let text = String(decoding: good.value ?? [], as: UTF8.self).replacing(
            "{\"",
            with: "{\"filler\":\"\(filler)\",\"",
            maxReplacements: 1
        )
        return changed(good, text, "\(text.utf8.count) bytes")
    }

    private func changed(_ good: PoisonRecord, _ value: String, _ damage: String) -> PoisonRecord {
        var bad = good
        bad.value = Array(value.utf8)
        bad.damage = damage
        return bad
    }
}
