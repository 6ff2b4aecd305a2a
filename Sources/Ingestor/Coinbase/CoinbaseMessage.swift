import Shared

/// Reads the messages of Coinbase's feed: docs.cdp.coinbase.com/exchange/websocket-feed/channels.
struct CoinbaseMessage {
    /// What a trade's members are called.
    static let names = TradeParts.Names(id: "trade_id", price: "price", size: "size", side: "side", time: "time")

    /// Finds our products.
    var index: ProductIndex

    /// Reads one message.
    /// - Throws: ``JSONError``.
    func read(_ message: Span<UInt8>, into events: inout [FeedEvent]) throws(JSONError) {
        // The type stands first, so this passes no more than it.
        var scanner = JSONScanner(message)
        guard try scanner.findMember("type", in: message) else {
            throw JSONError(.missingField("type"), at: message.count)
        }
        let type = try scanner.text()
        if type.equals("match", in: message) || type.equals("last_match", in: message) {
            events.append(try match(message))
        } else if type.equals("heartbeat", in: message) {
            events.append(try heartbeat(message))
        } else if type.equals("subscriptions", in: message) {
            try subscriptions(message, into: &events)
        } else if type.equals("error", in: message) {
            events.append(try error(message))
        } else {
            while try scanner.nextKey() != nil { try scanner.skipValue() }
            try scanner.end()
            events.append(.ignored(kind: type.string(in: message).cut(to: 64)))
        }
    }

    /// A trade: `match` is new, `last_match` is the one before the subscription.
    private func match(_ message: Span<UInt8>) throws(JSONError) -> FeedEvent {
        var parts = TradeParts()
        var name: JSONText?
        var scanner = JSONScanner(message)
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            if key.equals("product_id", in: message) {
                name = try scanner.text()
            } else {
                try CoinbaseMessage.member(key, of: &parts, in: message, &scanner)
            }
        }
        try scanner.end()
        guard let name else { throw JSONError(.missingField("product_id"), at: message.count) }
        guard let product = index.number(of: name, in: message) else {
            return .ignored(kind: "match of \(name.string(in: message).cut(to: 64))")
        }
        return .trade(try parts.trade(of: product, names: CoinbaseMessage.names, at: message.count))
    }

    /// Reads or skips the value of a trade's member, in the feed as in the history.
    static func member(
        _ key: JSONText,
        of parts: inout TradeParts,
        in message: Span<UInt8>,
        _ scanner: inout JSONScanner
    ) throws(JSONError) {
        if key.equals("trade_id", in: message) {
            parts.id = try scanner.integer()
        } else if key.equals("side", in: message) {
            // The maker's, who stood in the book: the taker did the other thing.
            let maker: TradeSide = try scanner.choice()
            parts.side = maker == .buy ? .sell : .buy
        } else if key.equals("size", in: message) {
            parts.size = try scanner.quotedPrice(in: message)
        } else if key.equals("price", in: message) {
            parts.price = try scanner.quotedPrice(in: message)
        } else if key.equals("time", in: message) {
            parts.time = try scanner.eventTime()
        } else {
            try scanner.skipValue()
        }
    }

    private func heartbeat(_ message: Span<UInt8>) throws(JSONError) -> FeedEvent {
        var name: JSONText?
        var lastID: Int64?
        var scanner = JSONScanner(message)
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            if key.equals("product_id", in: message) {
                name = try scanner.text()
            } else if key.equals("last_trade_id", in: message) {
                lastID = Int64(try scanner.integer())
            } else {
                try scanner.skipValue()
            }
        }
        try scanner.end()
        guard let name, let product = index.number(of: name, in: message) else {
            return .heartbeat(product: nil, lastID: nil)
        }
        return .heartbeat(product: product, lastID: lastID)
    }

    /// The answer to a subscription: what it sends on each channel, from all messages so far.
    private func subscriptions(_ message: Span<UInt8>, into events: inout [FeedEvent]) throws(JSONError) {
        var scanner = JSONScanner(message)
        guard try scanner.findMember("channels", in: message) else {
            throw JSONError(.missingField("channels"), at: message.count)
        }
        try scanner.beginArray()
        while try scanner.nextElement() {
            if let channel = try channel(message, &scanner), channel.isMatches {
                for product in channel.products { events.append(.subscribed(product: product)) }
            }
        }
        while try scanner.nextKey() != nil { try scanner.skipValue() }
        try scanner.end()
    }

    /// One channel of the answer, or nil when the element isn't one.
    private func channel(
        _ message: Span<UInt8>,
        _ scanner: inout JSONScanner
    ) throws(JSONError) -> (isMatches: Bool, products: [Int])? {
        guard try scanner.peekKind() == .object else {
            try scanner.skipValue()
            return nil
        }
        var isMatches = false
        var products: [Int] = []
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            if key.equals("name", in: message) {
                isMatches = try scanner.text().equals("matches", in: message)
            } else if key.equals("product_ids", in: message), try scanner.peekKind() == .array {
                try scanner.beginArray()
                while try scanner.nextElement() {
                    if let product = index.number(of: try scanner.text(), in: message) { products.append(product) }
                }
            } else {
                try scanner.skipValue()
            }
        }
        return (isMatches, products)
    }

    /// A complaint: a refused product is named in the reason, `FOO-USD is not a valid product`.
    private func error(_ message: Span<UInt8>) throws(JSONError) -> FeedEvent {
        var what = ""
        var reason = ""
        var scanner = JSONScanner(message)
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            if key.equals("message", in: message) {
                what = try scanner.optionalText().string(in: message)
            } else if key.equals("reason", in: message) {
                reason = try scanner.optionalText().string(in: message)
            } else {
                try scanner.skipValue()
            }
        }
        try scanner.end()
        let text = [what, reason].filter { !$0.isEmpty }.joined(separator: ": ").cut(to: RecordLimit.error)
        if let product = index.number(mentionedIn: reason) { return .refused(product: product, reason: text) }
        // It answers nothing else with an error that a client who only subscribes could pass over.
        return .failed(reason: text.isEmpty ? "an error without words" : text, endsConnection: true)
    }
}
