import TestSupport

@testable import Ingestor

/// A trade as a scripted exchange has made it.
struct MadeTrade: Sendable, Hashable {
    /// The exchange's name of the product.
    var product: String
    var id: Int64
    /// As the exchange writes it.
    var price: String
    /// As the exchange writes it.
    var size: String
    var takerBuys: Bool
    /// Microseconds since the Unix epoch.
    var microseconds: Int64
}

/// What one exchange says, in its own words: the other side of an ``Exchange``. Messages are made after the recordings beside
/// its decoder's tests.
protocol ExchangeWords: Sendable {
    /// Which exchange it is.
    var name: ExchangeName { get }
    /// Products of its table, to trade.
    var products: [String] { get }
    /// Where its history is, without the part that names a product.
    var historyPath: String { get }
    /// An error that names no product, after which the connection is of no use.
    var complaint: String { get }

    /// What it answers to a client's text, and of which products it sends trades from then on.
    /// - Parameter delisted: products that it doesn't have any more.
    func answer(to text: String, delisted: Set<String>) -> (products: [String], replies: [String])
    /// The message of a trade.
    func message(_ trade: MadeTrade) -> String
    /// What it says while nobody trades; nil when it has nothing for that.
    func heartbeat(_ product: String, lastID: Int64) -> String?
    /// What it says when a product is delisted; nil when it says nothing.
    func refusal(of product: String) -> String?
    /// A page of the history, from all trades of the product that was asked for.
    func page(_ request: HTTPFixtureServer.Request, of trades: (String) -> [MadeTrade]) -> String
}

extension MadeTrade {
    /// RFC 3339 with microseconds.
    var timeText: String {
        let whole = EventTimeText.text(microseconds - microseconds % 1_000_000)
        let digits = String(microseconds % 1_000_000)
        return whole + "." + String(repeating: "0", count: 6 - digits.count) + digits + "Z"
    }

    /// Seconds with seven decimals, as Kraken's history has them.
    var secondsText: String {
        let digits = String(microseconds % 1_000_000)
        return "\(microseconds / 1_000_000)." + String(repeating: "0", count: 6 - digits.count) + digits + "1"
    }
}
