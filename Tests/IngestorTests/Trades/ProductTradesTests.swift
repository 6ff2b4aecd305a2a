import Shared
import TestSupport
import Testing

@testable import Ingestor

@Suite("A product's trades")
struct ProductTradesTests {
    @Test("The first trade ever begins the count, and each after it is ready")
    func first() {
        var trades = ProductTrades()
        var ready: [Trade] = []
        for id: Int64 in [7, 8, 9] { #expect(trades.take(.test(id), at: .zero, into: &ready) == .ready) }
        #expect(ready.map(\.id) == [7, 8, 9])
        #expect(trades.position?.id == 9)
        #expect(trades.stuckSince == nil)
    }

    @Test("What was sent before the start is not sent again")
    func restored() {
        var trades = ProductTrades(position: TradePosition(id: 8, time: .test(8)))
        var ready: [Trade] = []
        #expect(trades.take(.test(7), at: .zero, into: &ready) == .duplicate)
        #expect(trades.take(.test(8), at: .zero, into: &ready) == .duplicate)
        #expect(trades.take(.test(9), at: .zero, into: &ready) == .ready)
        #expect(ready.map(\.id) == [9])
    }

    @Test("Trades that changed places come out in order")
    func reordered() {
        var trades = ProductTrades()
        var ready: [Trade] = []
        for id: Int64 in [1, 3, 5, 2, 4, 5] { _ = trades.take(.test(id), at: .zero, into: &ready) }
        #expect(ready.map(\.id) == [1, 2, 3, 4, 5])
        #expect(trades.heldCount == 0)
        #expect(trades.stuckSince == nil)
    }

    @Test("History fills a hole, page by page, and what was held follows")
    func history() {
        var trades = ProductTrades()
        var ready: [Trade] = []
        var holes: [ProductTrades.Hole] = []
        _ = trades.take(.test(1), at: .zero, into: &ready)
        #expect(trades.take(.test(9), at: .seconds(1), into: &ready) == .held)
        #expect(trades.stuckSince == .seconds(1))
        #expect(trades.takeHistory((1...4).map { .test($0) }, at: .seconds(2), into: &ready, holes: &holes) == 3)
        #expect(trades.stuckSince == .seconds(2))
        #expect(trades.takeHistory((5...11).map { .test($0) }, at: .seconds(3), into: &ready, holes: &holes) == 6)
        #expect(ready.map(\.id) == Array(1...11))
        #expect(trades.stuckSince == nil)
        #expect(holes.isEmpty)
    }

    @Test("A heartbeat shows the trade that was never told")
    func heartbeat() {
        var trades = ProductTrades()
        var ready: [Trade] = []
        trades.newest(id: 5, at: .zero)
        #expect(trades.stuckSince == nil, "before the first trade nothing is missing")
        _ = trades.take(.test(5), at: .zero, into: &ready)
        trades.newest(id: 6, at: .seconds(4))
        #expect(trades.stuckSince == .seconds(4))
        _ = trades.take(.test(6), at: .seconds(5), into: &ready)
        #expect(trades.stuckSince == nil)
        trades.newest(id: 8, at: .seconds(6))
        let lost = ProductTrades.GivenUp.hole(.init(firstID: 7, count: 2))
        #expect(trades.giveUp(at: .seconds(70), into: &ready) == lost)
        #expect(trades.take(.test(9), at: .seconds(71), into: &ready) == .ready)
    }

    @Test("A hole that nobody fills is given up and counted, and the feed goes on")
    func givenUp() {
        var trades = ProductTrades()
        var ready: [Trade] = []
        for id: Int64 in [1, 4, 5, 8] { _ = trades.take(.test(id), at: .seconds(id), into: &ready) }
        #expect(trades.giveUp(at: .seconds(60), into: &ready) == .hole(.init(firstID: 2, count: 2)))
        #expect(ready.map(\.id) == [1, 4, 5])
        #expect(trades.stuckSince == .seconds(60), "the next hole has its own time")
        #expect(trades.giveUp(at: .seconds(120), into: &ready) == .hole(.init(firstID: 6, count: 2)))
        #expect(ready.map(\.id) == [1, 4, 5, 8])
        #expect(trades.giveUp(at: .seconds(180), into: &ready) == nil)
    }

    @Test("One absurd id neither stops the feed nor silences it")
    func absurdID() {
        var trades = ProductTrades()
        var ready: [Trade] = []
        var absurd = Trade.test(2)
        absurd.id = .max
        _ = trades.take(.test(1), at: .zero, into: &ready)
        #expect(trades.take(absurd, at: .zero, into: &ready) == .held)
        for id: Int64 in 2...1_100 { #expect(trades.take(.test(id), at: .seconds(1), into: &ready) == .ready) }
        #expect(trades.giveUp(at: .seconds(60), into: &ready) == .disbelieved(absurd))
        #expect(trades.stuckSince == nil)
        #expect(trades.take(.test(1_101), at: .seconds(61), into: &ready) == .ready)
        #expect(ready.map(\.id) == Array(1...1_101))
    }

    @Test("A trade behind a hole is believed although one before it came late")
    func lateBehindHole() {
        var trades = ProductTrades()
        var ready: [Trade] = []
        for id: Int64 in [1, 5, 2] { _ = trades.take(.test(id), at: .zero, into: &ready) }
        #expect(trades.giveUp(at: .seconds(60), into: &ready) == .hole(.init(firstID: 3, count: 2)))
        #expect(ready.map(\.id) == [1, 2, 5])
    }

    @Test("An exchange that counts anew is believed after ten trades, and none of them is lost")
    func countsAnew() {
        var trades = ProductTrades(position: TradePosition(id: 1_000, time: .test(0)))
        var ready: [Trade] = []
        for id: Int64 in 1...9 { #expect(trades.take(.test(id), at: .zero, into: &ready) == .stray) }
        #expect(ready.isEmpty)
        #expect(trades.take(.test(10), at: .zero, into: &ready) == .restarted)
        #expect(trades.take(.test(11), at: .zero, into: &ready) == .ready)
        #expect(ready.map(\.id) == Array(1...11))
    }

    @Test("Trades told again after a reconnect are no new count")
    func toldAgain() {
        var trades = ProductTrades()
        var ready: [Trade] = []
        for id: Int64 in 1...100 { _ = trades.take(.test(id), at: .zero, into: &ready) }
        for id: Int64 in 51...100 { #expect(trades.take(.test(id), at: .zero, into: &ready) == .duplicate) }
        #expect(ready.count == 100)
    }

    @Test("Whatever the feed leaves out, repeats and mixes up, every trade comes once, in order", arguments: 1...20)
    func randomFeed(
        seed: UInt64
    ) {
        var random = TestSupport.SplitMix64(seed: seed)
        let exchange = (1...2_000).map { Trade.test($0) }
        var trades = ProductTrades()
        var ready: [Trade] = []
        var holes: [ProductTrades.Hole] = []
        var now = Duration.zero
        var told = 0
        while told < exchange.count {
            now += .milliseconds(1)
            // What comes next is left out, told late, or told twice.
            let behind = min(exchange.count - 1, told + Int.random(in: 0...4, using: &random))
            switch Int.random(in: 0..<10, using: &random) {
            case 0 where told > 0: break
            case 1: _ = trades.take(exchange[behind], at: now, into: &ready)
            case 2: _ = trades.take(exchange[Int.random(in: 0...told, using: &random)], at: now, into: &ready)
            default: _ = trades.take(exchange[told], at: now, into: &ready)
            }
            told += Int.random(in: 0...1, using: &random)
            if trades.stuckSince != nil, Int.random(in: 0..<20, using: &random) == 0 {
                ask(&trades, of: exchange.prefix(told), at: now, random: &random, &ready, &holes)
            }
        }
        _ = trades.take(exchange[exchange.count - 1], at: now, into: &ready)
        while trades.stuckSince != nil { ask(&trades, of: exchange[...], at: now, random: &random, &ready, &holes) }
        let first = ready.first?.id ?? 0
        #expect(ready.map(\.id) == Array(first...2_000), "seed \(seed)")
        #expect(holes.isEmpty)
        #expect(trades.heldCount == 0)
    }

    private func ask(
        _ trades: inout ProductTrades,
        of exchange: ArraySlice<Trade>,
        at now: Duration,
        random: inout TestSupport.SplitMix64,
        _ ready: inout [Trade],
        _ holes: inout [ProductTrades.Hole]
    ) {
        let after = trades.position?.id ?? 0
        let page = exchange.filter { $0.id > after }.prefix(Int.random(in: 1...50, using: &random))
        _ = trades.takeHistory(Array(page), at: now, into: &ready, holes: &holes)
    }

    @Test("What the exchange itself has lost is named, id by id, and the rest comes once", arguments: 1...20)
    func randomHoles(
        seed: UInt64
    ) {
        var random = TestSupport.SplitMix64(seed: seed)
        let exchange = (1...1_000).map { Trade.test($0) }.filter { trade in
            trade.id == 1 || trade.id == 1_000 || Int.random(in: 0..<10, using: &random) > 0
        }
        var trades = ProductTrades()
        var ready: [Trade] = []
        var holes: [ProductTrades.Hole] = []
        for trade in exchange {
            if Int.random(in: 0..<3, using: &random) > 0 || trade.id == 1 {
                _ = trades.take(trade, at: .zero, into: &ready)
            }
            if trades.stuckSince != nil, Int.random(in: 0..<5, using: &random) == 0 {
                ask(&trades, of: exchange[...].prefix { $0.id <= trade.id }, at: .zero, random: &random, &ready, &holes)
            }
        }
        _ = trades.take(.test(1_000), at: .zero, into: &ready)
        while trades.stuckSince != nil { ask(&trades, of: exchange[...], at: .zero, random: &random, &ready, &holes) }
        #expect(ready.map(\.id) == exchange.map(\.id), "seed \(seed)")
        let named = holes.flatMap { Array($0.firstID..<$0.firstID + $0.count) }
        #expect(named == (1...1_000).filter { id in !exchange.contains { $0.id == id } })
    }
}

extension Trade {
    /// A trade that is told apart by its id alone.
    static func test(_ id: Int64, product: Int = 0) -> Trade {
        Trade(product: product, id: id, price: Price(100), size: Price(1), side: .buy, time: .test(id))
    }
}

extension EventTime {
    /// The time of ``Trade/test(_:product:)``.
    static func test(_ id: Int64) -> EventTime {
        EventTime(microseconds: 1_700_000_000_000_000 + min(id, 1_000_000_000) * 1_000)
    }
}
