import Shared
import TestSupport
import Testing

@testable import Cacher

/// Candles made of minutes.
@Suite("Candle")
struct CandleTests {
    private func minute(_ start: Int64, _ low: Int, _ high: Int, synthetic: Bool = false) throws -> CandleEntry {
        let text = """
            {"t":\(start * 60_000),"o":"\(low)","h":"\(high)","l":"\(low)","c":"\(high)","v24":"\(start)","n":2,"r":1\
            \(synthetic ? ",\"s\":true" : "")}
            """
        return try #require(CandleEntry(json: Array(text.utf8)))
    }

    @Test("five minutes open with the first, close with the last, and reach from the lowest to the highest")
    func merge() throws {
        let entries = [try minute(5, 3, 4), try minute(6, 1, 2), try minute(9, 6, 9)]
        let candles = Candle.merge(entries, interval: .fiveMinutes, newest: 9 * 60_000)
        let candle = try #require(candles.first)
        #expect(candles.count == 1)
        #expect(candle.start == 300_000 && candle.end == 600_000)
        #expect(
            candle.open == Price(3) && candle.high == Price(9) && candle.low == Price(1) && candle.close == Price(9)
        )
        #expect(candle.sampleCount == 6 && candle.revision == 3 && candle.totalVolume == Price(9))
        #expect(candle.isClosed && !candle.isSynthetic && !candle.isPartial)
    }

    @Test("the last candle is open while minutes of it are still to come")
    func open() throws {
        let entries = [try minute(4, 1, 1), try minute(5, 1, 1)]
        let candles = Candle.merge(entries, interval: .fiveMinutes, newest: 5 * 60_000)
        #expect(candles.map(\.isClosed) == [true, false])
        let minutes = Candle.merge(entries, interval: .minute, newest: 5 * 60_000)
        #expect(minutes.map(\.isClosed) == [true, true])
    }

    @Test("a candle is synthetic when all its minutes are")
    func synthetic() throws {
        let entries = [
            try minute(0, 1, 1, synthetic: true), try minute(1, 1, 1), try minute(15, 1, 1, synthetic: true),
        ]
        let candles = Candle.merge(entries, interval: .quarter, newest: 29 * 60_000)
        #expect(candles.map(\.isSynthetic) == [false, true])
    }

    @Test("hours made of minutes are hours made of five minutes", arguments: 1...5)
    func associative(seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        let entries = try (0..<240).filter { _ in random.next() % 4 > 0 }.map { start in
            let low = Int(random.next() % 100)
            return try minute(Int64(start), low, low + Int(random.next() % 10))
        }
        let hours = Candle.merge(entries, interval: .hour, newest: 239 * 60_000)
        for hour in hours {
            let fives = Candle.merge(entries, interval: .fiveMinutes, newest: 239 * 60_000)
                .filter { $0.start >= hour.start && $0.end <= hour.end }
            #expect(hour.open == fives.first?.open && hour.close == fives.last?.close, "seed \(seed)")
            #expect(hour.high == fives.map(\.high).max() && hour.low == fives.map(\.low).min(), "seed \(seed)")
            #expect(hour.sampleCount == fives.map(\.sampleCount).reduce(0, +), "seed \(seed)")
        }
        #expect(hours.count == 4)
    }

    @Test(
        "what isn't an entry of a history is left out",
        arguments: [
            "", "{", "[]", #"{"t":"x"}"#, #"{"t":0,"o":1}"#, #"{"t":9223372036854775807}"#, #"{"t":0,"n":-1}"#,
            #"{"t":0,"o":"1e999"}"#, #"{"t":0} "# + "x", #"{"t":0,"nt":-1}"#, #"{"t":0,"v":1}"#,
        ]
    )
    func strange(text: String) {
        #expect(CandleEntry(json: Array(text.utf8)) == nil)
    }

    @Test("instants before 1970 lie in candles too")
    func early() {
        #expect(CandleInterval.hour.start(of: -1) == -3_600_000)
        #expect(CandleInterval.minute.start(of: -60_000) == -60_000)
        #expect(CandleInterval.quarter.start(of: 899_999) == 0)
    }
}
