import Shared

/// Kraken: the channel `trade` of its WebSocket v2, and `/0/public/Trades`.
struct KrakenExchange: Exchange {
    /// Where the feed is, when nothing else is set.
    static let feedURL = "wss://ws.kraken.com/v2"
    /// Where the history is, when nothing else is set.
    static let restURL = "https://api.kraken.com"

    let name = "kraken"
    let products: [Product]
    let limits = ExchangeLimits(
        // No number is documented (docs.kraken.com/api/docs/guides/spot-ws-intro); this one is ours.
        productsPerConnection: 200,
        // "Exceeded msg rate" depends on the load and has no number (docs.kraken.com/api/docs/guides/spot-ratelimits).
        productsPerMessage: 50,
        messageInterval: .milliseconds(500),
        // "approximately 150 [connections] per rolling 10 minutes" and address (the same guide): one in 4 s.
        connectInterval: .seconds(4),
        // "heartbeat: approximately once every second in the absence of any other channel updates"
        // (docs.kraken.com/api/docs/websocket-v2/heartbeat).
        silence: .seconds(10),
        // 1 a second and pair is safe (support.kraken.com/articles/206548367-what-are-the-api-rate-limits).
        historyInterval: .seconds(1),
        historyPage: 1_000
    )

    private let feedURL: String
    private let restURL: String
    private let index: ProductIndex

    /// Makes it for these products.
    /// - Parameters:
    ///   - feedURL: where the feed is.
    ///   - restURL: where the history is, without a slash at the end.
    init(products: [Product], feedURL: String = feedURL, restURL: String = restURL) {
        self.products = products
        self.feedURL = feedURL
        self.restURL = restURL
        index = ProductIndex(products)
    }

    func feedURL(of products: Range<Int>) -> String {
        feedURL
    }

    /// The snapshot, its last 50 trades, often closes the gap of a reconnect.
    func subscribe(to products: Range<Int>) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("method")
        writer.string("subscribe")
        writer.key("params")
        writer.beginObject()
        writer.key("channel")
        writer.string("trade")
        writer.key("symbol")
        writer.beginArray()
        for product in self.products[products] { writer.string(product.name) }
        writer.endArray()
        writer.key("snapshot")
        writer.bool(true)
        writer.endObject()
        writer.endObject()
        return writer.text
    }

    func read(_ message: Span<UInt8>, into events: inout [FeedEvent]) throws(JSONError) {
        try KrakenMessage(index: index).read(message, into: &events)
    }

    /// Its history is asked by time, in nanoseconds, and answers what is later. A tick's time has whole microseconds,
    /// cut off, so the nanosecond before its own is the last that is sure to be earlier.
    func historyURL(of product: Int, after position: TradePosition) -> String {
        let (nanoseconds, overflow) = max(position.time.microseconds, 0).multipliedReportingOverflow(by: 1_000)
        let since = overflow ? Int64.max : max(nanoseconds, 1) - 1
        let pair = HTTPClient.encoded(KrakenExchange.restName(of: products[product].name))
        return "\(restURL)/0/public/Trades?pair=\(pair)&since=\(since)&count=\(limits.historyPage)"
    }

    func readHistory(_ body: Span<UInt8>, of product: Int, into trades: inout [Trade]) throws(JSONError) {
        try KrakenHistory.read(body, of: product, into: &trades)
    }

    /// A product's name in REST: `XBTUSD` for `BTC/USD`. REST keeps Kraken's older names of two coins, which v2 has given
    /// up, and AssetPairs calls this form `altname`.
    static func restName(of name: String) -> String {
        name.split(separator: "/", omittingEmptySubsequences: false)
            .map { $0 == "BTC" ? "XBT" : $0 == "DOGE" ? "XDG" : $0 }
            .joined()
    }
}
