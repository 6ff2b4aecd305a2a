import Shared
import Testing

@testable import Ingestor

@Suite("Binance's messages")
struct BinanceExchangeTests {
    private let exchange = BinanceExchange(products: ["BTCUSDT", "ETHUSDT", "币USDT"].map(Product.named))

    @Test("a recorded trade, whose buyer was the maker: the taker sold")
    func trade() throws {
        let trade = try Trade.of(
            1,
            705_291_099,
            price: "4149.74",
            size: "0.4387",
            .sell,
            "2021-12-12T23:17:42.243Z"
        )
        #expect(try exchange.events(BinanceRecordings.trade) == [.trade(trade)])
        let bought = BinanceRecordings.trade.replacing(#""m":true"#, with: #""m":false"#)
        #expect(try exchange.events(bought).first?.trade?.side == .buy)
    }

    @Test("the event's type may stand behind its members, its stream behind both, and members may be new")
    func order() throws {
        let message = #"""
            {"data":{"k":{"p":1},"p":"1","q":"2","m":false,"T":1000,"t":7,"s":"币USDT","e":"trade"},"stream":"x","new":[]}
            """#
        let trade = try Trade.of(2, 7, price: "1", size: "2", .buy, "1970-01-01T00:00:01Z")
        #expect(try exchange.events(message) == [.trade(trade)])
        let raw = #"{"e":"trade","E":1,"s":"BTCUSDT","t":8,"p":"1","q":"2","T":1000,"m":false,"M":true}"#
        #expect(try exchange.events(raw).first?.trade?.id == 8)
    }

    @Test("other events and products that nobody asked for are ignored by name")
    func ignored() throws {
        let kline = #"{"stream":"btcusdt@kline_1m","data":{"e":"kline","s":"BTCUSDT","p":1,"k":{"t":1}}}"#
        #expect(try exchange.events(kline) == [.ignored(kind: "kline")])
        #expect(
            try exchange.events(BinanceRecordings.trade.replacing("ETHUSDT", with: "FOOUSDT"))
                == [.ignored(kind: "trade of FOOUSDT")]
        )
        #expect(
            try exchange.events(#"{"stream":"btcusdt@bookTicker","data":{"u":1,"s":"BTCUSDT"}}"#)
                == [.ignored(kind: "an event without a type")]
        )
    }

    @Test("the answer to a subscription confirms the products whose numbers its id holds")
    func answers() throws {
        let message = exchange.subscribe(to: 1..<3)
        let id = BinanceExchange.requestID(of: 1..<3)
        #expect(message == #"{"method":"SUBSCRIBE","params":["ethusdt@trade","币usdt@trade"],"id":\#(id)}"#)
        #expect(
            try exchange.events(#"{"result":null,"id":\#(id)}"#)
                == [.subscribed(product: 1), .subscribed(product: 2)]
        )
        let ours = BinanceExchange.requestID(of: 1..<2)
        for foreign in [0, -1, .max, .min, ours + 2, 99 << 11 | 1] {
            #expect(
                try exchange.events(#"{"result":null,"id":\#(foreign)}"#)
                    == [.ignored(kind: "an answer to nothing that was asked")]
            )
        }
        let nobody = try exchange.events(#"{"result":null,"id":null}"#)
        #expect(nobody == [.ignored(kind: "an answer to nothing that was asked")])
    }

    @Test("requests for as many products as a connection may carry have ids that are read back")
    func requestIDs() {
        for range in [0..<1, 0..<1_024, 1_000..<1_024, 100_000..<100_100] {
            let id = BinanceExchange.requestID(of: range)
            #expect(BinanceExchange.products(ofRequest: id, count: 200_000) == range)
        }
    }

    @Test("an error about one product refuses it, any other one fails the connection")
    func errors() throws {
        let one = BinanceExchange.requestID(of: 0..<1)
        #expect(
            try exchange.events(#"{"error":{"code":2,"msg":"Invalid request"},"id":\#(one)}"#)
                == [.refused(product: 0, reason: "Invalid request, code 2")]
        )
        #expect(
            try exchange.events(#"{"code":-1121,"msg":"Invalid symbol: ethusdt."}"#)
                == [.refused(product: 1, reason: "Invalid symbol: ethusdt., code -1121")]
        )
        #expect(
            try exchange.events(#"{"code":3,"msg":"Invalid JSON: expected value","id":"x"}"#)
                == [.failed(reason: "Invalid JSON: expected value, code 3", endsConnection: true)]
        )
        #expect(
            try exchange.events(BinanceRecordings.shutdown)
                == [.failed(reason: "the server is about to shut down", endsConnection: true)]
        )
    }

    @Test("a recorded page of the history")
    func history() throws {
        #expect(
            try exchange.history(BinanceRecordings.history) == [
                try .of(0, 1_111_471_896, price: "60814.78", size: "0.00034", .sell, "2021-10-22T22:53:39.887Z"),
                try .of(0, 1_111_471_897, price: "60814.79", size: "0.003", .buy, "2021-10-22T22:53:39.918Z"),
            ]
        )
        let error = try fault { _ = try exchange.history(#"{"code":-1121,"msg":"Invalid symbol."}"#) }
        #expect(error.kind == .invalidValue("binance: Invalid symbol."))
    }

    @Test("URLs: the combined stream, and the page behind a trade, for a symbol of any letters")
    func urls() {
        #expect(exchange.feedURL(of: 0..<2) == "wss://data-stream.binance.vision/stream")
        let position = TradePosition(id: 41, time: .earliest)
        #expect(
            exchange.historyURL(of: 2, after: position)
                == "https://data-api.binance.vision/api/v3/historicalTrades?symbol=%E5%B8%81USDT&fromId=42&limit=1000"
        )
        let last = exchange.historyURL(of: 0, after: TradePosition(id: .max, time: .earliest))
        #expect(last.contains("fromId=\(Int64.max)"))
    }
}
