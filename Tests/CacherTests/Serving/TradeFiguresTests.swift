import Shared
import TestSupport
import Testing

@testable import Cacher

/// What was traded in candles that are made of minutes.
@Suite("TradeFigures")
struct TradeFiguresTests {
    private func entry(_ minute: Int, _ trades: TradeFigures) throws -> CandleEntry {
        let json = #"{"t":\#(minute * 60_000),"o":"1","h":"1","l":"1","c":"1","n":1,"r":0}"#
        var entry = try #require(CandleEntry(json: Array(json.utf8)))
        entry.trades = trades
        return entry
    }

    private func merged(_ minutes: [TradeFigures], _ interval: CandleInterval = .hour) throws -> TradeFigures {
        let entries = try minutes.enumerated().map { try entry($0, $1) }
        let candles = Candle.merge(entries, interval: interval, newest: 59 * 60_000)
        return try #require(candles.first).trades
    }

    @Test("sums are exact, and the VWAP is that of the sums, rounded half to even: against paper", arguments: 0..<8)
    func sums(seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        for _ in 0..<200 {
            let shift = Int.random(in: 60...126, using: &random)
            func figure() -> Price {
                let bits = UInt128(random.next()) << 64 | UInt128(random.next())
                return Price(units: Int128(truncatingIfNeeded: bits >> shift))
            }
            var minutes: [TradeFigures] = []
            for _ in 0...random.next() % 20 {
                let trades = TradeFigures(count: 3, volume: figure(), quoteVolume: figure(), vwap: Price(1))
                minutes.append(random.chance(1, in: 3) ? TradeFigures() : trades)
            }
            let traded = minutes.filter { $0.count != nil }
            func paper(_ figure: KeyPath<TradeFigures, Price?>) -> PaperNumber {
                let units = traded.compactMap { $0[keyPath: figure]?.units.magnitude }
                return units.reduce(PaperNumber(0)) { $0 + PaperNumber($1) }
            }
            let (volume, quote) = (paper(\.volume), paper(\.quoteVolume))
            let found = try merged(minutes)
            #expect(found.count == (traded.isEmpty ? nil : 3 * traded.count), "seed \(seed)")
            #expect(found.volume?.units.description == (traded.isEmpty ? nil : volume.description), "seed \(seed)")
            #expect(found.quoteVolume?.units.description == (traded.isEmpty ? nil : quote.description), "seed \(seed)")
            let hasVolume = volume > PaperNumber(0)
            let one = PaperNumber(Price.unitsPerOne.magnitude)
            // Out of range is unknown.
            let vwap = hasVolume ? Int128((quote * one).dividedHalfToEven(by: volume).description) : nil
            #expect(found.vwap == vwap.map { Price(units: $0) }, "seed \(seed): \(quote) / \(volume)")
        }
    }

    @Test("a minute keeps its own VWAP; a longer candle has that of the sums, also when it has one minute only")
    func ownVWAP() throws {
        // What the Aggregator divided before it rounded the quote volume.
        let minute = TradeFigures(count: 1, volume: Price(units: 3), quoteVolume: Price(units: 1), vwap: Price("0.4"))
        #expect(try merged([minute], .minute) == minute)
        #expect(try merged([minute], .fiveMinutes).vwap == Price("0.333333333333333333"))
    }

    @Test("halves are rounded to the even digit")
    func halves() throws {
        for (quote, wanted) in [(1, "0"), (3, "0.000000000000000002"), (5, "0.000000000000000002")] as [(Int128, _)] {
            let minute = TradeFigures(count: 1, volume: Price(2), quoteVolume: Price(units: quote))
            #expect(try merged([minute]).vwap == Price(wanted))
        }
    }

    @Test("minutes without trades add nothing; nothing traded has a volume of 0 and no VWAP")
    func mixture() throws {
        let traded = TradeFigures(count: 2, volume: Price(3), quoteVolume: Price(6), vwap: Price(2))
        let quiet = TradeFigures(count: 0, volume: .zero, quoteVolume: .zero)
        #expect(try merged([TradeFigures(), traded, TradeFigures(), quiet]) == traded)
        #expect(try merged([quiet, TradeFigures(), quiet]) == quiet)
        #expect(try merged([TradeFigures(), TradeFigures()]) == TradeFigures())
    }

    @Test("a sum is unknown when a minute with trades can't say its part, or it is no price")
    func unknown() throws {
        let most = Price(units: .max)
        let large = TradeFigures(count: 1, volume: most, quoteVolume: Price(1), vwap: nil)
        let small = TradeFigures(count: 1, volume: Price(1), quoteVolume: nil, vwap: Price(5))
        #expect(try merged([small, small]) == TradeFigures(count: 2, volume: Price(2)))
        #expect(try merged([large, large, TradeFigures()]) == TradeFigures(count: 2, quoteVolume: Price(2)))
        // It stays unknown, whatever comes after it.
        #expect(try merged([large, small, small, large]) == TradeFigures(count: 4))
        #expect(try merged([TradeFigures(count: .max), TradeFigures(count: 1)]).count == .max)
    }
}
