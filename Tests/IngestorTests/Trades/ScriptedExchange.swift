import Shared

@testable import Ingestor

/// An exchange whose messages are plain: `{"p":product,"id":7,"t":microseconds}` is a trade, `{"last":9,"p":0}` a heartbeat,
/// `{"ok":0}` an answer to a subscription, `{"no":0}` a refusal; a page of history is an array of ids.
struct ScriptedExchange: Exchange {
    let name = "scripted"
    let products: [Product]
    var limits = ExchangeLimits(
        productsPerConnection: 2,
        productsPerMessage: 1,
        messageInterval: .milliseconds(10),
        connectInterval: .milliseconds(10),
        silence: .seconds(5),
        historyInterval: .milliseconds(100),
        historyPage: 100
    )

    init(products count: Int) {
        products = (0..<count).map { number in
            Product(name: "P\(number)", coinID: "coin-\(number)", symbol: "c", coinName: "", vsCurrency: "usd")
        }
    }

    func feedURL(of products: Range<Int>) -> String { "ws://scripted/\(products.lowerBound)" }

    func subscribe(to products: Range<Int>) -> String { "subscribe \(products.lowerBound)" }

    func read(_ message: Span<UInt8>, into events: inout [FeedEvent]) throws(JSONError) {
        var scanner = JSONScanner(message)
        var (product, id, last): (Int?, Int?, Int?) = (nil, nil, nil)
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key.string(in: message) {
            case "p": product = try scanner.integer()
            case "id": id = try scanner.integer()
            case "last": last = try scanner.integer()
            case "ok": events.append(.subscribed(product: try scanner.integer()))
            case "no": events.append(.refused(product: try scanner.integer(), reason: "delisted"))
            case "failed": events.append(.failed(reason: try scanner.string(), endsConnection: true))
            default: try scanner.skipValue()
            }
        }
        try scanner.end()
        if let product, let id { events.append(.trade(.test(Int64(id), product: product))) }
        if let product, let last { events.append(.heartbeat(product: product, lastID: Int64(last))) }
    }

    func historyURL(of product: Int, after position: TradePosition) -> String { "\(product)/\(position.id)" }

    func readHistory(_ body: Span<UInt8>, of product: Int, into trades: inout [Trade]) throws(JSONError) {
        var scanner = JSONScanner(body)
        try scanner.beginArray()
        while try scanner.nextElement() { trades.append(.test(Int64(try scanner.integer()), product: product)) }
        try scanner.end()
    }
}
