import Shared
import TestSupport
import Testing

@testable import Ingestor

@Suite("The feed of an exchange")
struct ExchangeFeedTests {
    @Test(
        "ten minutes of cuts, half-open connections, refusals, lost, late, repeated and damaged messages: each trade once",
        arguments: 1...10
    )
    func troubled(seed: UInt64) {
        // A minute is not enough: by chance the history fails for so long.
        let limits = ExchangeFeed.Limits(patience: .seconds(600))
        var market = TroubledMarket(ScriptedExchange(products: 5), seed: seed, limits: limits)
        for _ in 0..<60_000 { market.step() }
        market.isTroubled = false
        for _ in 0..<12_000 where market.feed.problem != nil || !isWhole(market) { market.step() }
        #expect(market.feed.problem == nil, "seed \(seed)")
        for (product, ids) in market.sent.enumerated() {
            #expect(ids.count > 5_000, "seed \(seed), product \(product)")
            #expect(ids == Array((ids.first ?? 0)...market.last[product]), "seed \(seed), product \(product)")
        }
    }

    /// Whether all that was traded was sent.
    private func isWhole(_ market: TroubledMarket) -> Bool {
        zip(market.sent, market.last).allSatisfy { $0.last == $1 }
    }

    @Test("a history that is away for good holds no product back for longer than allowed")
    func noHistory() throws {
        var feed = feed(products: 1, patience: .seconds(60))
        open(&feed)
        take(&feed, #"{"p":0,"id":1}"#, at: .seconds(1))
        take(&feed, #"{"p":0,"id":5}"#, at: .seconds(2))
        #expect(feed.ready.map(\.id) == [1])
        feed.advance(at: .milliseconds(2_300))
        #expect(feed.actions.contains(.askHistory(product: 0, url: "0/1")))
        feed.historyFailed(of: 0, reason: "404", retryAfter: nil, at: .seconds(3), random: 0)
        feed.advance(at: .seconds(61))
        #expect(feed.ready.map(\.id) == [1])
        feed.advance(at: .seconds(62))
        #expect(feed.ready.map(\.id) == [1, 5])
    }

    @Test("more held trades than allowed: the product with the most goes on without what it misses")
    func heldLimit() {
        var feed = feed(products: 2, held: 20)
        open(&feed)
        for product in 0...1 { take(&feed, #"{"p":\#(product),"id":1}"#, at: .seconds(1)) }
        for id in 3..<8 { take(&feed, #"{"p":0,"id":\#(id)}"#, at: .seconds(1)) }
        for id in 3..<19 { take(&feed, #"{"p":1,"id":\#(id)}"#, at: .seconds(1)) }
        #expect(feed.ready.filter { $0.product == 0 }.map(\.id) == [1])
        #expect(feed.ready.filter { $0.product == 1 }.map(\.id) == [1] + Array(3..<19))
    }

    @Test("no message asks for more products than the exchange takes in one: Coinbase ignores all for one it lacks")
    func subscriptionParts() {
        let exchange = CoinbaseExchange(products: ["BTC-USD", "ETH-USD", "FOO-USD"].map { .named($0) })
        let counts = FeedCounts(exchange: "coinbase", registry: PrometheusRegistry())
        var feed = ExchangeFeed(exchange, positions: [nil, nil, nil], counts: counts)
        feed.advance(at: .zero)
        feed.opened(0, at: .seconds(1))
        for tenths in 0..<10 { feed.advance(at: .seconds(1) + .milliseconds(tenths * 100)) }
        let texts = feed.actions.compactMap { if case .send(_, let text) = $0 { text } else { nil } }
        #expect(texts == (0..<3).map { exchange.subscribe(to: $0..<($0 + 1)) })
    }

    @Test("a refused product is said, and the others flow; when all are refused nothing is ready")
    func refused() {
        var feed = feed(products: 2)
        open(&feed)
        take(&feed, #"{"no":0}"#, at: .seconds(1))
        #expect(feed.problem == nil)
        take(&feed, #"{"no":1}"#, at: .seconds(1))
        #expect(feed.problem == "scripted refuses all products")
    }

    private func feed(products: Int, patience: Duration = .seconds(60), held: Int = 100) -> ExchangeFeed {
        ExchangeFeed(
            ScriptedExchange(products: products),
            positions: Array(repeating: nil, count: products),
            limits: ExchangeFeed.Limits(patience: patience, held: held),
            counts: FeedCounts(exchange: "scripted", registry: PrometheusRegistry())
        )
    }

    private func open(_ feed: inout ExchangeFeed) {
        feed.advance(at: .zero)
        feed.opened(0, at: .zero)
        feed.advance(at: .milliseconds(10))
        feed.actions = []
    }

    private func take(_ feed: inout ExchangeFeed, _ message: String, at now: Duration) {
        feed.take(Array(message.utf8).span, from: 0, at: now)
    }
}
