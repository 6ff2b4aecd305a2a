import Shared

/// Reads a page of `/0/public/Trades`: `{"error":[],"result":{"XXBTZUSD":[[…],…],"last":"…"}}`.
enum KrakenHistory {
    private static let names = TradeParts.Names(
        id: "trade_id",
        price: "price",
        size: "volume",
        side: "side",
        time: "time"
    )

    /// Reads a page; its trades are appended oldest first.
    /// - Throws: ``JSONError``, also for an error such as `EQuery:Unknown asset pair`, which comes with HTTP's 200.
    static func read(_ body: Span<UInt8>, of product: Int, into trades: inout [Trade]) throws(JSONError) {
        var page: [Trade] = []
        var hasResult = false
        var scanner = JSONScanner(body)
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            if key.equals("error", in: body) {
                try checkErrors(&scanner)
            } else if key.equals("result", in: body) {
                hasResult = true
                try readResult(body, of: product, &scanner, into: &page)
            } else {
                try scanner.skipValue()
            }
        }
        try scanner.end()
        guard hasResult else { throw JSONError(.missingField("result"), at: body.count) }
        page.sort { $0.id < $1.id }
        trades += page
    }

    private static func checkErrors(_ scanner: inout JSONScanner) throws(JSONError) {
        let start = scanner.position
        try scanner.beginArray()
        while try scanner.nextElement() {
            let error = try scanner.string().cut(to: RecordLimit.error)
            throw JSONError(.invalidValue("kraken: \(error)"), at: start)
        }
    }

    /// The pair's key is the exchange's own name of it, which may be any; only `last` is no pair.
    private static func readResult(
        _ body: Span<UInt8>,
        of product: Int,
        _ scanner: inout JSONScanner,
        into page: inout [Trade]
    ) throws(JSONError) {
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            if key.equals("last", in: body) {
                try scanner.skipValue()
                continue
            }
            try scanner.beginArray()
            while try scanner.nextElement() { page.append(try trade(body, of: product, &scanner)) }
        }
    }

    /// `["105433.60000","0.00027625",1762795433.9717445,"b","l","",10218208]`: price, volume, time, side, kind of order,
    /// anything, id.
    private static func trade(
        _ body: Span<UInt8>,
        of product: Int,
        _ scanner: inout JSONScanner
    ) throws(JSONError) -> Trade {
        var parts = TradeParts()
        var place = 0
        try scanner.beginArray()
        while try scanner.nextElement() {
            switch place {
            case 0: parts.price = try scanner.quotedPrice(in: body)
            case 1: parts.size = try scanner.quotedPrice(in: body)
            case 2: parts.time = try scanner.unixSeconds()
            case 3: parts.side = try side(body, &scanner)
            case 6: parts.id = try scanner.integer()
            default: try scanner.skipValue()
            }
            place += 1
        }
        return try parts.trade(of: product, names: names, at: scanner.position)
    }

    private static func side(_ body: Span<UInt8>, _ scanner: inout JSONScanner) throws(JSONError) -> TradeSide {
        let text = try scanner.text()
        if text.equals("b", in: body) { return .buy }
        if text.equals("s", in: body) { return .sell }
        throw JSONError(.invalidValue("the side is neither b nor s"), at: text.start)
    }
}
