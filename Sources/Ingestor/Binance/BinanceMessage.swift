import Shared

/// Reads the messages of Binance's streams: github.com/binance/binance-spot-api-docs, web-socket-streams.md.
struct BinanceMessage {
    /// What a trade's members are called.
    private static let names = TradeParts.Names(id: "t", price: "p", size: "q", side: "m", time: "T")

    /// Finds our products.
    var index: ProductIndex
    /// How many products there are.
    var productCount: Int

    /// Reads one message.
    /// - Throws: ``JSONError``.
    func read(_ message: Span<UInt8>, into events: inout [FeedEvent]) throws(JSONError) {
        var answer = BinanceAnswer()
        var scanner = JSONScanner(message)
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            if key.equals("data", in: message) {
                // The event has to be known before its members are read, and it may stand behind them.
                let start = scanner.position
                try scanner.skipValue()
                answer.event = start..<scanner.position
            } else {
                try answer.read(key, in: message, &scanner)
            }
        }
        try scanner.end()
        if let range = answer.event {
            events.append(try event(message.extracting(range)))
        } else if answer.isEvent {
            events.append(try event(message))
        } else {
            try answer.append(to: &events, index: index, productCount: productCount)
        }
    }

    private func event(_ data: Span<UInt8>) throws(JSONError) -> FeedEvent {
        var scanner = JSONScanner(data)
        guard try scanner.findMember("e", in: data) else { return .ignored(kind: "an event without a type") }
        let type = try scanner.text()
        if type.equals("trade", in: data) { return try trade(data) }
        if type.equals("serverShutdown", in: data) {
            return .failed(reason: "the server is about to shut down", endsConnection: true)
        }
        return .ignored(kind: type.string(in: data).cut(to: 64))
    }

    private func trade(_ data: Span<UInt8>) throws(JSONError) -> FeedEvent {
        var parts = TradeParts()
        var symbol: JSONText?
        var scanner = JSONScanner(data)
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            if key.equals("s", in: data) {
                symbol = try scanner.text()
            } else if key.equals("t", in: data) {
                parts.id = try scanner.integer()
            } else if key.equals("p", in: data) {
                parts.price = try scanner.quotedPrice(in: data)
            } else if key.equals("q", in: data) {
                parts.size = try scanner.quotedPrice(in: data)
            } else if key.equals("T", in: data) {
                parts.time = try scanner.unixMilliseconds()
            } else if key.equals("m", in: data) {
                // The buyer stood in the book, so the taker sold.
                parts.side = try scanner.bool() ? .sell : .buy
            } else {
                try scanner.skipValue()
            }
        }
        guard let symbol else { throw JSONError(.missingField("s"), at: data.count) }
        guard let product = index.number(of: symbol, in: data) else {
            return .ignored(kind: "trade of \(symbol.string(in: data).cut(to: 64))")
        }
        return .trade(try parts.trade(of: product, names: BinanceMessage.names, at: data.count))
    }
}
