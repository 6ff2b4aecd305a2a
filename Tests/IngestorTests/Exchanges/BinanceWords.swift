import TestSupport

@testable import Ingestor

/// What Binance says.
struct BinanceWords: ExchangeWords {
    let name = ExchangeName.binance
    let products = ["BTCUSDT", "ETHUSDT", "SOLUSDT"]
    let historyPath = "/api/v3/historicalTrades"
    let complaint = #"{"error":{"code":3,"msg":"Invalid JSON: EOF while parsing"},"id":""}"#

    /// It takes what it doesn't have too, and is silent about it.
    func answer(to text: String, delisted: Set<String>) -> (products: [String], replies: [String]) {
        let asked = products.filter { text.contains("\"\($0.lowercased())@trade\"") }
        let id = text.split(separator: "\"id\":").last?.prefix { $0.isNumber } ?? "0"
        return (asked.filter { !delisted.contains($0) }, [#"{"result":null,"id":\#(id)}"#])
    }

    func message(_ trade: MadeTrade) -> String {
        let time = trade.microseconds / 1_000
        return
            #"{"stream":"\#(trade.product.lowercased())@trade","data":{"e":"trade","E":\#(time + 1),"s":"\#(trade.product)","t":\#(trade.id),"p":"\#(trade.price)","q":"\#(trade.size)","b":7038593583,"a":7038593613,"T":\#(time),"m":\#(!trade.takerBuys),"M":true}}"#
    }

    func heartbeat(_ product: String, lastID: Int64) -> String? { nil }

    func refusal(of product: String) -> String? { nil }

    /// By id, the oldest first.
    func page(_ request: HTTPFixtureServer.Request, of trades: (String) -> [MadeTrade]) -> String {
        let first = request.query["fromId"].flatMap { Int64($0) } ?? 0
        let limit = request.query["limit"].flatMap { Int($0) } ?? 500
        let rows = trades(request.query["symbol"] ?? "").filter { $0.id >= first }.prefix(limit).map { trade in
            #"{"id":\#(trade.id),"price":"\#(trade.price)","qty":"\#(trade.size)","quoteQty":"20.67702520","time":\#(trade.microseconds / 1_000),"isBuyerMaker":\#(!trade.takerBuys),"isBestMatch":true}"#
        }
        return "[" + rows.joined(separator: ",") + "]"
    }
}
