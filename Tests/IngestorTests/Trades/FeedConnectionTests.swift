import Testing

@testable import Ingestor

@Suite("A connection of a feed")
struct FeedConnectionTests {
    private static let limits = ExchangeLimits(
        productsPerConnection: 10,
        productsPerMessage: 2,
        messageInterval: .milliseconds(200),
        connectInterval: .seconds(1),
        silence: .seconds(10),
        historyInterval: .seconds(1),
        historyPage: 100
    )

    @Test("it connects when it may, then asks for its products at the pace the exchange allows")
    func opening() {
        var connection = FeedConnection(products: 0..<4, limits: Self.limits)
        #expect(connection.next(at: .zero, mayConnect: false) == nil)
        #expect(connection.next(at: .zero, mayConnect: true) == .connect)
        #expect(connection.next(at: .seconds(1), mayConnect: true) == nil)
        connection.opened(at: .seconds(1), asking: ["a", "b"])
        #expect(connection.next(at: .seconds(1), mayConnect: true) == .send("a"))
        #expect(!connection.isOpen)
        #expect(connection.next(at: .milliseconds(1_199), mayConnect: true) == nil)
        #expect(connection.next(at: .milliseconds(1_200), mayConnect: true) == .send("b"))
        #expect(connection.isOpen)
    }

    @Test("one that says nothing for too long is ended, and made again")
    func silence() {
        var connection = FeedConnection(products: 0..<1, limits: Self.limits)
        _ = connection.next(at: .zero, mayConnect: true)
        connection.opened(at: .zero, asking: [])
        connection.heard(at: .seconds(5))
        #expect(connection.next(at: .milliseconds(14_999), mayConnect: true) == nil)
        #expect(connection.next(at: .seconds(15), mayConnect: true) == .end("nothing came for 10.0 s"))
        #expect(connection.next(at: .seconds(16), mayConnect: true) == nil, "once")
        let wait = connection.closed(at: .seconds(16), retryAfter: nil, random: 0)
        #expect(connection.next(at: .seconds(16) + wait, mayConnect: true) == .connect)
    }

    @Test("attempts that fail come further apart; one that worked for a while begins the row again")
    func backoff() {
        var connection = FeedConnection(products: 0..<1, limits: Self.limits)
        _ = connection.next(at: .zero, mayConnect: true)
        #expect(connection.closed(at: .zero, retryAfter: nil, random: 0) == .seconds(1))
        _ = connection.next(at: .seconds(1), mayConnect: true)
        #expect(connection.closed(at: .seconds(1), retryAfter: .seconds(60), random: 0) == .seconds(60))
        #expect(connection.next(at: .seconds(60), mayConnect: true) == nil)
        #expect(connection.next(at: .seconds(61), mayConnect: true) == .connect)
        connection.opened(at: .seconds(61), asking: [])
        #expect(connection.closed(at: .seconds(80), retryAfter: nil, random: 0) == .seconds(1))
        _ = connection.next(at: .seconds(90), mayConnect: true)
        connection.opened(at: .seconds(90), asking: [])
        connection.heard(at: .seconds(110))
        _ = connection.next(at: .seconds(120), mayConnect: true)
        #expect(connection.closed(at: .seconds(120), retryAfter: nil, random: 0) == .seconds(1), "it died of silence")
    }
}
