import Shared

/// Binance: the combined `trade` streams, and `/api/v3/historicalTrades`.
///
/// The hosts of market data alone are the defaults, because the main ones answer 451 in some countries.
struct BinanceExchange: Exchange {
    /// Where the feed is, when nothing else is set.
    static let feedURL = "wss://data-stream.binance.vision"
    /// Where the history is, when nothing else is set.
    static let restURL = "https://data-api.binance.vision"

    let name = "binance"
    let products: [Product]
    let limits = ExchangeLimits(
        // "A single connection can listen to a maximum of 1024 streams", "5 incoming messages per second", pings and pongs
        // among them, "300 connections per attempt every 5 minutes per IP"
        // (github.com/binance/binance-spot-api-docs, web-socket-streams.md).
        productsPerConnection: 1_024,
        // No number is documented; this one is ours.
        productsPerMessage: 100,
        messageInterval: .milliseconds(300),
        connectInterval: .seconds(1),
        // It has no heartbeats but WebSocket's own: it pings every 20 s.
        silence: nil,
        // A page weighs 25 (rest-api.md), and 6000 a minute and address may be used up: 150 pages take 3750.
        historyInterval: .milliseconds(400),
        historyPage: 1_000
    )

    private let feedURL: String
    private let restURL: String
    private let index: ProductIndex

    /// Makes it for these products.
    /// - Parameters:
    ///   - feedURL: where the feed is, without a path.
    ///   - restURL: where the history is, without a slash at the end.
    init(products: [Product], feedURL: String = feedURL, restURL: String = restURL) {
        self.products = products
        self.feedURL = feedURL
        self.restURL = restURL
        index = ProductIndex(products)
    }

    func feedURL(of products: Range<Int>) -> String {
        "\(feedURL)/stream"
    }

    func subscribe(to products: Range<Int>) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("method")
        writer.string("SUBSCRIBE")
        writer.key("params")
        writer.beginArray()
        // Stream names have small letters, symbols in messages have capitals.
        for product in self.products[products] { writer.string("\(product.name.lowercased())@trade") }
        writer.endArray()
        writer.key("id")
        writer.integer(BinanceExchange.requestID(of: products))
        writer.endObject()
        return writer.text
    }

    func read(_ message: Span<UInt8>, into events: inout [FeedEvent]) throws(JSONError) {
        try BinanceMessage(index: index, productCount: products.count).read(message, into: &events)
    }

    func historyURL(of product: Int, after position: TradePosition) -> String {
        let (first, overflow) = position.id.addingReportingOverflow(1)
        let symbol = HTTPClient.encoded(products[product].name)
        let from = overflow ? position.id : first
        return "\(restURL)/api/v3/historicalTrades?symbol=\(symbol)&fromId=\(from)&limit=\(limits.historyPage)"
    }

    func readHistory(_ body: Span<UInt8>, of product: Int, into trades: inout [Trade]) throws(JSONError) {
        try BinanceHistory.read(body, of: product, into: &trades)
    }

    /// The id of a request, which its answer has too: it says which products were asked for.
    static func requestID(of products: Range<Int>) -> Int {
        products.lowerBound << 11 | products.count
    }

    /// The products of a request, or nil when the id isn't one of ours.
    static func products(ofRequest id: Int, count: Int) -> Range<Int>? {
        let (first, size) = (id >> 11, id & 0x7FF)
        guard first >= 0, size > 0, first < count, size <= count - first else { return nil }
        return first..<(first + size)
    }
}
