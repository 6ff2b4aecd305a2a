import Shared
import Testing

@testable import Ingestor

@Suite("Kraken's messages")
struct KrakenExchangeTests {
    private let exchange = KrakenExchange(products: ["BTC/USD", "MATIC/USD", "BTC/USDT"].map(Product.named))

    @Test("a recorded session: the state, the answer, heartbeats and a trade")
    func session() throws {
        let messages = [
            KrakenRecordings.status, KrakenRecordings.subscribed, KrakenRecordings.heartbeat, KrakenRecordings.update,
        ]
        let trade = try Trade.of(
            0,
            72_166_031,
            price: "68580",
            size: "0.14225864",
            .buy,
            "2024-07-27T21:16:00.512060Z"
        )
        #expect(
            try messages.flatMap(exchange.events) == [
                .heartbeat(product: nil, lastID: nil), .subscribed(product: 0), .heartbeat(product: nil, lastID: nil),
                .trade(trade),
            ]
        )
    }

    @Test("a snapshot's trades come oldest first, whichever way it has them")
    func snapshot() throws {
        let older = try Trade.of(1, 4_665_846, price: "0.5117", size: "40", .sell, "2023-09-25T07:48:36.925533Z")
        let newer = try Trade.of(1, 4_665_847, price: "0.5118", size: "10.5", .buy, "2023-09-25T07:49:36.925603Z")
        #expect(try exchange.events(KrakenRecordings.snapshot) == [.trade(older), .trade(newer)])
        let falling = KrakenRecordings.snapshot
            .replacing("4665846", with: "4665848")
        #expect(try exchange.events(falling).compactMap(\.trade?.id) == [4_665_847, 4_665_848])
        #expect(try exchange.events(#"{"channel":"trade","type":"snapshot","data":[]}"#) == [])
    }

    @Test("exponents are numbers too, and keep every digit")
    func numbers() throws {
        let message = KrakenRecordings.update.replacing("0.14225864", with: "1.4225864e-7")
        #expect(try exchange.events(message).first?.trade?.size.description == "0.00000014225864")
    }

    @Test("an error about a product refuses it, unless it says that it will pass or that it is subscribed already")
    func refusals() throws {
        #expect(
            try exchange.events(KrakenRecordings.refused) == [
                .refused(product: 1, reason: "Currency pair not supported MATIC/USD")
            ]
        )
        func answer(_ error: String) throws -> [FeedEvent] {
            try exchange.events(
                KrakenRecordings.refused.replacing("Currency pair not supported MATIC/USD", with: error)
            )
        }
        #expect(
            try answer("Exceeded msg rate") == [.failed(reason: "Exceeded msg rate", endsConnection: true)]
        )
        #expect(try answer("Already subscribed") == [.subscribed(product: 1)])
        #expect(
            try exchange.events(#"{"error":"Subscription name invalid","success":false}"#)
                == [.failed(reason: "Subscription name invalid", endsConnection: true)]
        )
        #expect(
            try exchange.events(#"{"error":"Currency pair not supported FOO/USD","symbol":"FOO/USD","success":false}"#)
                == [.failed(reason: "Currency pair not supported FOO/USD", endsConnection: true)]
        )
        #expect(
            try exchange.events(#"{"method":"subscribe","success":false,"symbol":"BTC/USD"}"#)
                == [.refused(product: 0, reason: "a request failed, and it doesn't say why")]
        )
    }

    @Test("an engine that isn't online is a complaint, and leaves the connection")
    func maintenance() throws {
        #expect(
            try exchange.events(KrakenRecordings.status.replacing("online", with: "maintenance"))
                == [.failed(reason: "the exchange's state is maintenance", endsConnection: false)]
        )
        #expect(try exchange.events(#"{"channel":"status","data":[]}"#) == [.ignored(kind: "status")])
    }

    @Test("other channels, answers about them and trades of other products are ignored; a pong is a sign of life")
    func ignored() throws {
        #expect(try exchange.events(#"{"channel":"book","data":{}}"#) == [.ignored(kind: "book")])
        #expect(
            try exchange.events(KrakenRecordings.subscribed.replacing("trade", with: "ticker"))
                == [.ignored(kind: "subscribe")]
        )
        #expect(
            try exchange.events(KrakenRecordings.update.replacing("BTC/USD", with: "FOO/USD"))
                == [.ignored(kind: "trade of FOO/USD")]
        )
        #expect(try exchange.events(#"{"method":"pong","error":null}"#) == [.heartbeat(product: nil, lastID: nil)])
    }

    @Test("it asks for trades and their snapshot, and for the history by time in the older names")
    func requests() throws {
        #expect(
            exchange.subscribe(to: 0..<2)
                == #"{"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USD","MATIC/USD"],"snapshot":true}}"#
        )
        let position = TradePosition(id: 1, time: try #require(EventTime("2025-11-10T17:24:17.846737Z")))
        #expect(
            exchange.historyURL(of: 2, after: position)
                == "https://api.kraken.com/0/public/Trades?pair=XBTUSDT&since=1762795457846736999&count=1000"
        )
        #expect(KrakenExchange.restName(of: "DOGE/BTC") == "XDGXBT")
        #expect(KrakenExchange.restName(of: "AIXBT/EUR") == "AIXBTEUR")
        for time in [EventTime.earliest, EventTime.latest] {
            let url = exchange.historyURL(of: 0, after: TradePosition(id: 1, time: time))
            #expect(url.contains(time == .earliest ? "since=0&" : "since=\(Int64.max)&"))
        }
    }

    @Test("an error in a history that came with HTTP's 200 throws what it says")
    func historyErrors() throws {
        let error = try fault { _ = try exchange.history(#"{"error":["EGeneral:Too many requests"]}"#) }
        #expect(error.kind == .invalidValue("kraken: EGeneral:Too many requests"))
        #expect(try fault { _ = try exchange.history(#"{"error":[]}"#) }.kind == .missingField("result"))
        for bad in [#""1","1",1,"b","m","""#, #""1","1",1,"x","m","",7"#] {
            #expect(throws: JSONError.self) { try exchange.history(#"{"error":[],"result":{"X":[[\#(bad)]]}}"#) }
        }
        #expect(try exchange.history(#"{"error":[],"result":{"X":[],"last":"0"}}"#) == [])
    }
}
