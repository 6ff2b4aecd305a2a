import Shared
import Testing

@testable import Ingestor

extension Exchange {
    /// What one message says.
    func events(_ message: String) throws -> [FeedEvent] {
        var events: [FeedEvent] = []
        let bytes = Array(message.utf8)
        try read(bytes.span, into: &events)
        return events
    }

    /// What a page of history says.
    func history(_ body: String, of product: Int = 0) throws -> [Trade] {
        var trades: [Trade] = []
        let bytes = Array(body.utf8)
        try readHistory(bytes.span, of: product, into: &trades)
        return trades
    }
}

extension Product {
    /// A product of that name; the rest is of no account to an exchange.
    static func named(_ name: String) -> Product {
        Product(name: name, coinID: name, symbol: name, coinName: "", vsCurrency: "usd")
    }
}

extension Trade {
    /// A trade from texts.
    static func of(
        _ product: Int,
        _ id: Int64,
        price: String,
        size: String,
        _ side: TradeSide,
        _ time: String
    ) throws -> Trade {
        Trade(
            product: product,
            id: id,
            price: try #require(Price(price)),
            size: try #require(Price(size)),
            side: side,
            time: try #require(EventTime(time))
        )
    }
}

extension FeedEvent {
    /// The trade, if it is one.
    var trade: Trade? {
        if case .trade(let trade) = self { trade } else { nil }
    }
}

/// The error that reading throws.
func fault(_ body: () throws -> Void) throws -> JSONError {
    try #require(#expect(throws: JSONError.self, performing: body))
}
