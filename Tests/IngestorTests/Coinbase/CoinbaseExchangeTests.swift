import Shared
import Testing

@testable import Ingestor

@Suite("Coinbase's messages")
struct CoinbaseExchangeTests {
    private let exchange = CoinbaseExchange(products: ["SKL-USD", "SKL-BTC", "SKL-GBP"].map(Product.named))

    @Test("recorded matches are trades with their digits, and the taker's side is the other than the maker's")
    func matches() throws {
        let events = try CoinbaseRecordings.matches.flatMap(exchange.events)
        #expect(
            events == [
                .trade(try .of(0, 1_568_267, price: "0.7904", size: "1338.3", .buy, "2021-04-17T16:43:37.056746Z")),
                .trade(try .of(0, 1_568_268, price: "0.791", size: "450", .buy, "2021-04-17T16:43:37.121358Z")),
                .trade(try .of(0, 1_568_269, price: "0.7912", size: "1787", .buy, "2021-04-17T16:43:37.140491Z")),
            ]
        )
        #expect(try exchange.events(CoinbaseRecordings.otherMatch).first?.trade?.product == 1)
        #expect(try exchange.events(CoinbaseRecordings.soldMatch).first?.trade?.side == .sell)
    }

    @Test("members may stand in any order, the type last, and new ones are passed over")
    func order() throws {
        let message = #"""
            {"new":{"price":1,"deep":[[]]},"time":"2021-04-17T16:43:37.1Z","price":"1","product_id":"SKL-USD","size":"2",
             "side":"buy","trade_id":7,"type":"match"}
            """#
        let trade = try Trade.of(0, 7, price: "1", size: "2", .sell, "2021-04-17T16:43:37.1Z")
        #expect(try exchange.events(message) == [.trade(trade)])
    }

    @Test("other channels, new types and products that nobody asked for are ignored by name")
    func ignored() throws {
        #expect(try exchange.events(CoinbaseRecordings.ticker) == [.ignored(kind: "ticker")])
        #expect(try exchange.events(#"{"type":"auction","price":1}"#) == [.ignored(kind: "auction")])
        let other = CoinbaseRecordings.otherMatch.replacing("SKL-BTC", with: "FOO-BTC")
        #expect(try exchange.events(other) == [.ignored(kind: "match of FOO-BTC")])
        let long = String(repeating: "x", count: 10_000)
        guard case .ignored(let kind) = try exchange.events(#"{"type":"\#(long)"}"#).first else {
            Issue.record("it isn't ignored")
            return
        }
        #expect(kind.utf8.count <= 64)
    }

    @Test("a heartbeat tells the newest id of its product, of another's only that the connection lives")
    func heartbeat() throws {
        #expect(try exchange.events(CoinbaseRecordings.heartbeat) == [.heartbeat(product: 0, lastID: 20)])
        let other = CoinbaseRecordings.heartbeat.replacing("SKL-USD", with: "BTC-USD")
        #expect(try exchange.events(other) == [.heartbeat(product: nil, lastID: nil)])
    }

    @Test("the answer to a subscription confirms our products on the channel of matches, and no other channel's")
    func subscriptions() throws {
        #expect(
            try exchange.events(CoinbaseRecordings.subscriptions) == [.subscribed(product: 2), .subscribed(product: 0)]
        )
        #expect(try exchange.events(#"{"type":"subscriptions","channels":[]}"#) == [])
        #expect(try exchange.events(#"{"type":"subscriptions","channels":[1,{"name":"matches"}]}"#) == [])
    }

    @Test("an error that names one of our products refuses it, any other one fails the connection")
    func errors() throws {
        #expect(
            try exchange.events(CoinbaseRecordings.refused) == [
                .refused(product: 2, reason: "Failed to subscribe: SKL-GBP is not a valid product")
            ]
        )
        #expect(
            try exchange.events(#"{"type":"error","message":"Failed to subscribe","reason":" is not a valid product"}"#)
                == [.failed(reason: "Failed to subscribe:  is not a valid product", endsConnection: true)]
        )
        #expect(
            try exchange.events(#"{"type":"error","message":"rate limit exceeded"}"#)
                == [.failed(reason: "rate limit exceeded", endsConnection: true)]
        )
        #expect(
            try exchange.events(#"{"type":"error","message":null}"#)
                == [.failed(reason: "an error without words", endsConnection: true)]
        )
    }

    @Test("a page of the history, which falls, comes out rising")
    func history() throws {
        #expect(
            try exchange.history(CoinbaseRecordings.history, of: 1) == [
                try .of(1, 73, price: "100", size: "0.01", .buy, "2014-11-07T01:08:43.642366Z"),
                try .of(1, 74, price: "10", size: "0.01", .sell, "2014-11-07T22:19:28.578544Z"),
            ]
        )
        #expect(try exchange.history("[]") == [])
    }

    @Test("a history that is no page throws what the exchange says")
    func historyError() throws {
        let error = try fault { _ = try exchange.history(#"{"message":"NotFound"}"#) }
        #expect(error.kind == .invalidValue("coinbase: NotFound"))
        #expect(try fault { _ = try exchange.history("{}") }.kind == .wrongType("an array"))
        #expect(throws: JSONError.self) { try exchange.history("<html>") }
    }

    @Test("the page after a trade ends a page further on, and its URL holds a name of any letters")
    func historyURL() throws {
        let position = TradePosition(id: 73, time: .earliest)
        #expect(
            exchange.historyURL(of: 0, after: position)
                == "https://api.exchange.coinbase.com/products/SKL-USD/trades?limit=1000&after=1074"
        )
        let odd = CoinbaseExchange(
            products: [.named("Ü/?")],
            feedURL: "wss://127.0.0.1:1/",
            restURL: "http://127.0.0.1:2"
        )
        #expect(odd.feedURL(of: 0..<1) == "wss://127.0.0.1:1/")
        #expect(
            odd.historyURL(of: 0, after: TradePosition(id: .max, time: .earliest))
                == "http://127.0.0.1:2/products/%C3%9C%2F%3F/trades?limit=1000"
        )
    }

    @Test("it asks for matches and heartbeats")
    func subscribe() {
        #expect(
            exchange.subscribe(to: 1..<3)
                == #"{"type":"subscribe","product_ids":["SKL-BTC","SKL-GBP"],"channels":["matches","heartbeat"]}"#
        )
    }
}
