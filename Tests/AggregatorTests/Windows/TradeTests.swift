import Foundation
import Shared
import Testing

@testable import Aggregator

/// What windows say of trades, as a table; the reference model has the rest.
@Suite("Trades") struct TradeTests {
    private static let minute = CoreRun.minute
    private static let other = CoinKey(coinID: "other", vsCurrency: "usd")

    private func price(_ text: String) throws -> Price { try #require(Price(text)) }

    private func minute(_ run: CoreRun) throws -> PriceAggregate {
        try #require(run.results.first { $0.window == .tumbling })
    }

    @Test("Volume, quote volume and VWAP are exact, and rounded once")
    func exact() throws {
        var run = CoreRun(try CoreRun.plan())
        run.tick(1, second: 0, size: Price(units: 1))
        run.tick(2, second: 1, size: try price("0.000000000000000002"))
        run.tick(500, second: 2)
        run.tick(3, second: 60)
        let result = try minute(run)
        #expect(result.sampleCount == 3 && result.tradeCount == 2)
        #expect(result.volume == Price(units: 3) && result.quoteVolume == Price(units: 5))
        #expect(result.vwap == (try price("1.666666666666666667")))
        #expect(result.fault == nil)
    }

    @Test("Ticks without a size make none of the four, and trades of size 0 no VWAP")
    func absent() throws {
        var run = CoreRun(try CoreRun.plan())
        run.tick(1, second: 0)
        run.tick(1, second: 60, size: .zero)
        #expect(try minute(run).tradeCount == nil)
        #expect(try minute(run).volume == nil && minute(run).quoteVolume == nil && minute(run).vwap == nil)
        run.tick(1, second: 120)
        #expect(try minute(run).tradeCount == 1)
        #expect(try minute(run).volume == .zero && minute(run).quoteVolume == .zero && minute(run).vwap == nil)
    }

    @Test("A quote volume out of range is absent, and the VWAP is exact all the same")
    func quoteOutOfRange() throws {
        var run = CoreRun(try CoreRun.plan())
        run.tick(20_000_000_000, second: 0, size: try price("10000000000.5"))
        run.tick(1, second: 60)
        let result = try minute(run)
        #expect(result.quoteVolume == nil && result.vwap == Price(20_000_000_000))
        #expect(result.volume == (try price("10000000000.5")))
    }

    @Test("A trade whose size takes the sum out of range is refused whole, and so is one below zero")
    func sizeOutOfRange() throws {
        var run = CoreRun(try CoreRun.plan())
        run.tick(5, second: 0, size: Price(units: .max - 7))
        let tooMuch = run.tick(9, second: 1, size: Price(units: 8))
        #expect(tooMuch == .outOfRange)
        let negative = run.tick(9, second: 1, size: Price(-1))
        #expect(negative == .outOfRange)
        run.tick(1, second: 60)
        #expect(try minute(run).sampleCount == 1 && minute(run).high == Price(5))
    }

    @Test("Empty windows say that nothing was traded where the last pane had trades, and nothing where it had none")
    func synthetic() throws {
        var run = CoreRun(try CoreRun.plan())
        run.tick(1, second: 0, size: Price(2))
        run.tick(1, second: 0, coin: Self.other)
        run.tick(1, second: 60, coin: CoinKey(coinID: "clock", vsCurrency: "usd"))
        run.tick(1, second: 120, coin: CoinKey(coinID: "clock", vsCurrency: "usd"))
        let traded = try #require(run.results.first { $0.coinID == "bitcoin" })
        #expect(traded.synthetic && traded.tradeCount == 0)
        #expect(traded.volume == .zero && traded.quoteVolume == .zero && traded.vwap == nil)
        let untraded = try #require(run.results.first { $0.coinID == "other" })
        #expect(untraded.synthetic && untraded.tradeCount == nil && untraded.volume == nil)
    }

    @Test("A late first trade makes the empty windows behind it say that nothing was traded")
    func lateFirstTrade() throws {
        var run = CoreRun(try CoreRun.plan())
        run.tick(100, second: 30)
        run.tick(100, second: 180)
        run.tick(99, second: 20, size: Price(1))
        #expect(
            run.results.map(\.summary).sorted() == [
                "tumbling 12:00-12:01 100 r1 partial", "tumbling 12:01-12:02 100 r1 synthetic",
                "tumbling 12:02-12:03 100 r1 synthetic",
            ]
        )
        #expect(run.results.filter(\.synthetic).allSatisfy { $0.volume == .zero })
        run.tick(99, second: 20, size: Price(1))
        #expect(run.results.map(\.summary) == ["tumbling 12:00-12:01 100 r2 partial"])
    }

    // MARK: - State

    @Test("Trades come back from the changelog, and so does that there were some")
    func restored() throws {
        let plan = try CoreRun.plan([.tumbling(Self.minute), .sliding(5 * Self.minute, every: Self.minute)])
        var run = CoreRun(plan)
        run.tick(10, second: 0, size: try price("0.1"))
        run.tick(20, second: 61, size: try price("0.2"))
        run.commit()
        try run.restart(plan)
        run.tick(30, second: 62, size: try price("0.3"))
        run.tick(1, second: 120, coin: Self.other)
        let sliding = try #require(run.results.first { $0.window == .sliding })
        #expect(sliding.volume == (try price("0.6")) && sliding.quoteVolume == Price(14))
        #expect(sliding.vwap == (try price("23.333333333333333333")) && sliding.tradeCount == 3)
        // Long after its panes have gone the coin's own record knows it.
        run.tick(1, second: 30 * 60, coin: Self.other)
        run.commit()
        #expect(!run.keys.contains { $0.hasPrefix("pane/2026-11-22T12:00") || $0.hasPrefix("pane/2026-11-22T12:01") })
        try run.restart(plan)
        run.tick(1, second: 31 * 60, coin: Self.other)
        #expect(run.results.first { $0.coinID == "bitcoin" }?.volume == .zero)
    }

    @Test("State of a version that knew no sizes is taken over; windows with trades that reach back to it are partial")
    func older() throws {
        let plan = try CoreRun.plan([.tumbling(Self.minute), .sliding(2 * Self.minute, every: Self.minute)])
        var run = CoreRun(plan)
        run.tick(1, second: -120)
        for coin in [CoreRun.bitcoin, Self.other] { run.tick(10, second: 30, coin: coin) }
        run.commit()
        // As that version wrote it.
        run.changelog = run.changelog.map { record in
            let text = record.value.map { String(decoding: $0, as: UTF8.self) }
            let place = text?.range(of: #",\"trades_from\":\"[^\"]*\""#, options: .regularExpression)
            guard var old = text, let place else { return record }
            old.removeSubrange(place)
            return (record.key, Array(old.utf8))
        }
        let outcome = try run.restart(plan)
        #expect(outcome.faults.isEmpty && outcome.foundPosition)
        run.tick(20, second: 40, size: Price(3))
        run.tick(20, second: 61, coin: Self.other)
        #expect(
            run.results.map { "\($0.coinID) \($0.summary) \($0.volume?.description ?? "-")" }.sorted() == [
                "bitcoin sliding 11:59-12:01 20 r0 partial 3", "bitcoin tumbling 12:00-12:01 20 r0 partial 3",
                "other sliding 11:59-12:01 10 r0 -", "other tumbling 12:00-12:01 10 r0 -",
            ]
        )
        run.tick(20, second: 62, size: Price(1))
        run.commit()
        try run.restart(plan)
        run.tick(20, second: 120)
        #expect(
            run.results.filter { $0.coinID == "bitcoin" }.map(\.summary).sorted() == [
                "sliding 12:00-12:02 20 r0 partial", "tumbling 12:01-12:02 20 r0",
            ],
            "the bound is stored"
        )
    }

    @Test(
        "Trades that no pane has are dropped with the pane",
        arguments: [
            #""trades":3,"size_sum":1,"quote_sum":"100""#, #""trades":0,"size_sum":1,"quote_sum":"100""#,
            #""size_sum":1,"quote_sum":"100""#, #""trades":1,"size_sum":1,"quote_sum":"99.9""#,
            #""trades":1,"size_sum":1,"quote_sum":"102.000000000000000000000000000000000001""#,
            #""trades":1,"size_sum":-1,"quote_sum":"0""#, #""trades":1,"size_sum":1,"quote_sum":"-100""#,
            #""trades":1,"size_sum":1,"quote_sum":100"#, #""trades":1,"size_sum":1,"quote_sum":"1e2""#,
            #""trades":1,"size_sum":170141183460469231731.687303715884105727,"quote_sum":"0""#,
        ]
    )
    func impossible(trades: String) throws {
        let figures = #""count":2,"open":100,"high":102,"low":100,"close":102,"sum":202"#
        let times = #""first":"2026-11-22T12:01:00.000Z","last":"2026-11-22T12:01:09.000Z""#
        for (text, isFault) in [(#""trades":1,"size_sum":1,"quote_sum":"101.5""#, false), (trades, true)] {
            var run = CoreRun(try CoreRun.plan())
            run.tick(100, second: 0)
            run.tick(101, second: 60)
            run.commit()
            let value = "{\(figures),\(times),\"emitted\":0,\(text)}"
            run.changelog.append((Array("pane/2026-11-22T12:01:00.000Z/usd/bitcoin".utf8), Array(value.utf8)))
            let outcome = try run.restart(run.core.plan)
            #expect(outcome.faults.values.count == (isFault ? 1 : 0), "\(text)")
            run.tick(103, second: 120)
            run.commit()
        }
    }

    // MARK: - Memory

    @Test("A coin without trades takes what it took, and one with trades no more than there is room for")
    func memory() throws {
        let plan = try CoreRun.plan()
        var without = CoreRun(plan)
        without.tick(1, second: 0)
        var with = CoreRun(plan)
        with.tick(1, second: 0, size: Price(1))
        let difference = with.core.byteCount - without.core.byteCount
        #expect(difference == PaneRing.tradeByteCount(plan: plan, length: plan.ringLength))
        #expect(MemoryLayout<PaneRing>.size == 32 && MemoryLayout<TradeSums>.stride == 64)

        // Full of coins without trades: the first trade of one finds no room, is refused, and its windows say so.
        let limit = 1 << 20
        var run = CoreRun(plan, memory: CoinMemory(limit: limit))
        var number = 0
        while run.tick(1, second: 0, coin: CoinKey(coinID: "c\(number)", vsCurrency: "usd")) == .accepted {
            number += 1
        }
        let coin = CoinKey(coinID: "c1", vsCurrency: "usd")
        var refused = false
        for other in 0..<number where !refused {
            let key = other == 0 ? coin : CoinKey(coinID: "c\(other)", vsCurrency: "usd")
            refused = run.tick(1, second: 1, coin: key, size: Price(1)) == .noRoom
            #expect(run.core.byteCount <= limit)
        }
        #expect(refused)
        run.tick(1, second: 60, coin: coin)
        #expect(run.results.count == number && run.results.contains { $0.partial })
        // An hour later all have gone, and what their trades took as well.
        for minute in 2...70 { run.tick(1, second: Int64(minute) * 60, coin: coin) }
        run.commit()
        #expect(run.core.windows.coins.count == 1 && run.core.windows.tradeRingCount <= 1)
    }
}
