import Shared

/// Reads a page of `/products/…/trades`: an array, the newest trade first.
enum CoinbaseHistory {
    /// Reads a page; its trades are appended oldest first.
    /// - Throws: ``JSONError``, also for `{"message":"NotFound"}`.
    static func read(_ body: Span<UInt8>, of product: Int, into trades: inout [Trade]) throws(JSONError) {
        var scanner = JSONScanner(body)
        guard try scanner.peekKind() == .array else {
            throw try JSONScanner.complaint("message", in: body, of: "coinbase")
        }
        var page: [Trade] = []
        try scanner.beginArray()
        while try scanner.nextElement() {
            var parts = TradeParts()
            try scanner.beginObject()
            while let key = try scanner.nextKey() {
                try CoinbaseMessage.member(key, of: &parts, in: body, &scanner)
            }
            page.append(try parts.trade(of: product, names: CoinbaseMessage.names, at: scanner.position))
        }
        try scanner.end()
        page.sort { $0.id < $1.id }
        trades += page
    }
}
