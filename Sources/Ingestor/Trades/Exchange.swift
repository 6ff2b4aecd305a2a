import Shared

/// What is particular to one exchange: what is sent to it, and what its messages mean. Pure values: no sockets, no clock.
///
/// To add one: a folder with a type of this protocol, a reader of its messages and recordings in its tests.
protocol Exchange: Sendable {
    /// What a tick's `source` says: `coinbase`, `kraken`, `binance`.
    var name: String { get }
    /// What is asked for; a product's number is its place here.
    var products: [Product] { get }
    /// What the exchange allows.
    var limits: ExchangeLimits { get }

    /// Where the feed of these products is, a `wss://` URL.
    func feedURL(of products: Range<Int>) -> String

    /// The text message that asks for the trades of these products.
    /// - Parameter products: at most ``ExchangeLimits/productsPerMessage``.
    func subscribe(to products: Range<Int>) -> String

    /// Reads one message of the feed.
    /// - Parameter events: what it says is appended; a message may hold several trades.
    /// - Throws: ``JSONError`` when it isn't what the exchange's documentation says.
    func read(_ message: Span<UInt8>, into events: inout [FeedEvent]) throws(JSONError)

    /// The URL of the page of the trade history that begins right after a trade.
    func historyURL(of product: Int, after position: TradePosition) -> String

    /// Reads a page of the trade history.
    /// - Parameter trades: its trades are appended in rising order; trades from before the position may be among them.
    /// - Throws: ``JSONError`` when it isn't what the exchange's documentation says, or holds an error.
    func readHistory(_ body: Span<UInt8>, of product: Int, into trades: inout [Trade]) throws(JSONError)
}

/// What an exchange allows its clients, from its documentation.
struct ExchangeLimits: Sendable {
    /// How many products one connection may carry.
    var productsPerConnection: Int
    /// How many products one subscribe message may name.
    var productsPerMessage: Int
    /// The least time between two messages to it on one connection.
    var messageInterval: Duration
    /// The least time between two attempts to connect.
    var connectInterval: Duration
    /// After this long without any message the connection is dead; nil for an exchange that has nothing to say while
    /// nobody trades, where the answers to WebSocket's pings have to do.
    var silence: Duration?
    /// The least time between two requests for history.
    var historyInterval: Duration
    /// How many trades a page of history has at most.
    var historyPage: Int
}
