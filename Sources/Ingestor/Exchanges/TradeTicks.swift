import Shared

/// Writes an exchange's trades as ticks: what is the same for all trades of a product is made once.
struct TradeTicks {
    private struct Prepared {
        var key: [UInt8]
        var head: [UInt8]
    }

    /// The most bytes of what is not prepared: names and punctuation, two prices, an id, a side, two times.
    private static let longestRest = 160 + 2 * Price.maximumTextLength + 20 + 4 + 2 * EventTime.maximumTextLength

    private let prepared: [Prepared]
    private let tail: [UInt8]

    /// For the trades of this exchange.
    init(_ exchange: any Exchange) {
        prepared = exchange.products.map { product in
            let head = TickHead.bytes(
                coinID: product.coinID,
                symbol: product.symbol,
                name: product.coinName,
                vsCurrency: product.vsCurrency
            )
            return Prepared(key: Array(product.coinID.utf8), head: head)
        }
        tail = Array("\",\"source\":\"\(exchange.name)\"}".utf8)
    }

    /// Appends the tick of a trade.
    /// - Parameters:
    ///   - trade: a valid one: see ``TradeParts/trade(of:names:at:)``.
    ///   - ingestedAt: when it was received.
    func append(_ trade: Trade, ingestedAt: EventTime, to batch: inout TickBatch) {
        let prepared = prepared[trade.product]
        let limit = prepared.head.count + tail.count + Self.longestRest
        batch.append(key: prepared.key, timestamp: trade.time, atMost: limit) { start in
            var text = TextCursor(start)
            text.write(prepared.head)
            text.write(trade.price)
            text.write(",\"size\":")
            text.write(trade.size)
            text.write(",\"trade_id\":\"")
            text.write(trade.id)
            text.write(trade.side == .buy ? "\",\"side\":\"buy\"" : "\",\"side\":\"sell\"")
            text.write(",\"timestamp\":\"")
            text.write(trade.time)
            text.write("\",\"ingested_at\":\"")
            text.write(ingestedAt)
            text.write(tail)
            return text.count
        }
    }
}
