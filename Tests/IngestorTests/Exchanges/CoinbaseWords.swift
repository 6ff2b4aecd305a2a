import TestSupport

@testable import Ingestor

/// What Coinbase says.
struct CoinbaseWords: ExchangeWords {
    let name = ExchangeName.coinbase
    let products = ["BTC-USD", "ETH-USD", "SOL-USD"]
    let historyPath = "/products/"
    let complaint = #"{"type":"error","message":"Internal error","reason":"something went wrong"}"#

    func answer(to text: String, delisted: Set<String>) -> (products: [String], replies: [String]) {
        // One product it doesn't have, and it ignores the whole message.
        let asked = products.filter { text.contains("\"\($0)\"") }
        if let refused = asked.first(where: delisted.contains) { return ([], [refusal(of: refused) ?? ""]) }
        let names = asked.map { "\"\($0)\"" }.joined(separator: ",")
        let channels = ["matches", "heartbeat"].map { #"{"name":"\#($0)","product_ids":[\#(names)]}"# }
        return (asked, [#"{"type":"subscriptions","channels":[\#(channels.joined(separator: ","))]}"#])
    }

    func message(_ trade: MadeTrade) -> String {
        // The side is the maker's.
        #"""
        {"type":"match","trade_id":\#(trade.id),"maker_order_id":"8d275e33-4b41-4648-b135-b407f85c6897","taker_order_id":"460227d8-3765-4185-8b7f-d9ee118403a2","side":"\#(trade.takerBuys ? "sell" : "buy")","size":"\#(trade.size)","price":"\#(trade.price)","product_id":"\#(trade.product)","sequence":201390042,"time":"\#(trade.timeText)"}
        """#
    }

    func heartbeat(_ product: String, lastID: Int64) -> String? {
        #"{"type":"heartbeat","sequence":90,"last_trade_id":\#(lastID),"product_id":"\#(product)","time":"2026-11-29T08:19:28.464459Z"}"#
    }

    func refusal(of product: String) -> String? {
        #"{"type":"error","message":"Failed to subscribe","reason":"\#(product) is not a valid product"}"#
    }

    /// `after` is a cursor of pages that fall: trades with smaller ids, the newest first.
    func page(_ request: HTTPFixtureServer.Request, of trades: (String) -> [MadeTrade]) -> String {
        let product = request.path.split(separator: "/").dropFirst().first.map(String.init) ?? ""
        let cursor = request.query["after"].flatMap { Int64($0) } ?? .max
        let limit = request.query["limit"].flatMap { Int($0) } ?? 100
        let rows = trades(product).filter { $0.id < cursor }.suffix(limit).reversed().map { trade in
            #"{"time":"\#(trade.timeText)","trade_id":\#(trade.id),"price":"\#(trade.price)","size":"\#(trade.size)","side":"\#(trade.takerBuys ? "sell" : "buy")"}"#
        }
        return "[" + rows.joined(separator: ",") + "]"
    }
}
