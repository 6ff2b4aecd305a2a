import Shared

/// Coinbase Exchange: the channels `matches` and `heartbeat`, and the trades of `/products/…/trades`.
struct CoinbaseExchange: Exchange {
    /// Where the feed is, when nothing else is set.
    static let feedURL = "wss://ws-feed.exchange.coinbase.com"
    /// Where the history is, when nothing else is set.
    static let restURL = "https://api.exchange.coinbase.com"

    let name = "coinbase"
    let products: [Product]
    let limits = ExchangeLimits(
        // "Spread subscriptions over more than one websocket client connection"
        // (docs.cdp.coinbase.com/exchange/websocket-feed/best-practices); the number is ours.
        productsPerConnection: 50,
        // One product that it doesn't know makes it ignore the whole message
        // (github.com/coinbase/coinbase-pro-node/issues/174), so every product gets its own.
        productsPerMessage: 1,
        // 100 messages a second and address, 8 requests a second, 20 in a burst
        // (docs.cdp.coinbase.com/exchange/websocket-feed/rate-limits): ten connections fit in.
        messageInterval: .milliseconds(100),
        connectInterval: .milliseconds(250),
        // A heartbeat comes every second for every product.
        silence: .seconds(10),
        // 10 requests a second and address (docs.cdp.coinbase.com/exchange/rest-api/rate-limits); half of it.
        historyInterval: .milliseconds(200),
        // docs.cdp.coinbase.com/exchange/rest-api/pagination
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

    func subscribe(to products: Range<Int>) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("type")
        writer.string("subscribe")
        writer.key("product_ids")
        writer.beginArray()
        for product in self.products[products] { writer.string(product.name) }
        writer.endArray()
        writer.key("channels")
        writer.beginArray()
        writer.string("matches")
        writer.string("heartbeat")
        writer.endArray()
        writer.endObject()
        return writer.text
    }

    func read(_ message: Span<UInt8>, into events: inout [FeedEvent]) throws(JSONError) {
        try CoinbaseMessage(index: index).read(message, into: &events)
    }

    /// `after` is a cursor of its pages, which fall: it asks for the trades with smaller ids, so the page behind a trade
    /// ends one page further on.
    func historyURL(of product: Int, after position: TradePosition) -> String {
        let (cursor, overflow) = position.id.addingReportingOverflow(Int64(limits.historyPage) + 1)
        let name = HTTPClient.encoded(products[product].name)
        let page = "\(restURL)/products/\(name)/trades?limit=\(limits.historyPage)"
        return overflow ? page : "\(page)&after=\(cursor)"
    }

    func readHistory(_ body: Span<UInt8>, of product: Int, into trades: inout [Trade]) throws(JSONError) {
        try CoinbaseHistory.read(body, of: product, into: &trades)
    }
}
