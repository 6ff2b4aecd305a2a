import Shared

/// Reads a page of `/api/v3/historicalTrades`: an array, the oldest trade first.
enum BinanceHistory {
    private static let names = TradeParts.Names(
        id: "id",
        price: "price",
        size: "qty",
        side: "isBuyerMaker",
        time: "time"
    )

    /// Reads a page; its trades are appended oldest first.
    /// - Throws: ``JSONError``, also for `{"code":-1121,"msg":"Invalid symbol."}`.
    static func read(_ body: Span<UInt8>, of product: Int, into trades: inout [Trade]) throws(JSONError) {
        var scanner = JSONScanner(body)
        guard try scanner.peekKind() == .array else {
            throw try JSONScanner.complaint("msg", in: body, of: "binance")
        }
        var page: [Trade] = []
        try scanner.beginArray()
        while try scanner.nextElement() { page.append(try trade(body, of: product, &scanner)) }
        try scanner.end()
        page.sort { $0.id < $1.id }
        trades += page
    }

    private static func trade(
        _ body: Span<UInt8>,
        of product: Int,
        _ scanner: inout JSONScanner
    ) throws(JSONError) -> Trade {
        var parts = TradeParts()
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            if key.equals("id", in: body) {
                parts.id = try scanner.integer()
            } else if key.equals("price", in: body) {
                parts.price = try scanner.quotedPrice(in: body)
            } else if key.equals("qty", in: body) {
                parts.size = try scanner.quotedPrice(in: body)
            } else if key.equals("time", in: body) {
                parts.time = try scanner.unixMilliseconds()
            } else if key.equals("isBuyerMaker", in: body) {
                parts.side = try scanner.bool() ? .sell : .buy
            } else {
                try scanner.skipValue()
            }
        }
        return try parts.trade(of: product, names: names, at: scanner.position)
    }
}
