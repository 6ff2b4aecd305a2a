import TestSupport

@testable import Ingestor

/// What Kraken says.
struct KrakenWords: ExchangeWords {
    let name = ExchangeName.kraken
    let products = ["BTC/USD", "ETH/USD", "SOL/USD"]
    let historyPath = "/0/public/Trades"
    let complaint = #"{"error":"Exceeded msg rate","method":"subscribe","success":false}"#

    func answer(to text: String, delisted: Set<String>) -> (products: [String], replies: [String]) {
        let asked = products.filter { text.contains("\"\($0)\"") }
        let replies = asked.map { product in
            delisted.contains(product)
                ? refusal(of: product) ?? ""
                : #"{"method":"subscribe","result":{"channel":"trade","snapshot":true,"symbol":"\#(product)"},"success":true,"time_in":"2024-07-27T21:15:57.923475Z","time_out":"2024-07-27T21:15:57.923542Z"}"#
        }
        return (asked.filter { !delisted.contains($0) }, replies)
    }

    func message(_ trade: MadeTrade) -> String {
        #"{"channel":"trade","type":"update","data":[{"symbol":"\#(trade.product)","side":"\#(trade.takerBuys ? "buy" : "sell")","price":\#(trade.price),"qty":\#(trade.size),"ord_type":"limit","trade_id":\#(trade.id),"timestamp":"\#(trade.timeText)"}]}"#
    }

    func heartbeat(_ product: String, lastID: Int64) -> String? {
        #"{"channel":"heartbeat"}"#
    }

    func refusal(of product: String) -> String? {
        #"{"error":"Currency pair not supported \#(product)","method":"subscribe","req_id":1,"success":false,"symbol":"\#(product)","time_in":"2023-04-25T13:22:53.729066Z","time_out":"2023-04-25T13:22:53.729098Z"}"#
    }

    /// By time: what is later than `since`, in nanoseconds, the oldest first.
    func page(_ request: HTTPFixtureServer.Request, of trades: (String) -> [MadeTrade]) -> String {
        let pair = request.query["pair"] ?? ""
        let product = products.first { pair == $0.replacing("BTC", with: "XBT").replacing("/", with: "") } ?? ""
        let since = request.query["since"].flatMap { Int64($0) } ?? 0
        let limit = request.query["count"].flatMap { Int($0) } ?? 1_000
        // Its times have nanoseconds, of which 100 here.
        let rows = trades(product).filter { $0.microseconds * 1_000 + 100 > since }.prefix(limit).map { trade in
            #"["\#(trade.price)","\#(trade.size)",\#(trade.secondsText),"\#(trade.takerBuys ? "b" : "s")","l","",\#(trade.id)]"#
        }
        return #"{"error":[],"result":{"\#(pair)":["# + rows.joined(separator: ",")
            + #"],"last":"1762795806198866600"}}"#
    }
}
