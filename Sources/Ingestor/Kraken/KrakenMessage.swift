import Shared

/// Reads the messages of Kraken's WebSocket v2: docs.kraken.com/api/docs/websocket-v2.
struct KrakenMessage {
    /// What a trade's members are called.
    private static let names = TradeParts.Names(
        id: "trade_id",
        price: "price",
        size: "qty",
        side: "side",
        time: "timestamp"
    )

    /// Finds our products.
    var index: ProductIndex

    /// Reads one message.
    /// - Throws: ``JSONError``; of several trades those before the bad one have been appended.
    func read(_ message: Span<UInt8>, into events: inout [FeedEvent]) throws(JSONError) {
        // The channel stands first, so this passes no more than it; an answer has none.
        var scanner = JSONScanner(message)
        guard try scanner.findMember("channel", in: message) else {
            try scanner.end()
            events.append(try KrakenAnswer(message).event(index, message))
            return
        }
        let channel = try scanner.text()
        while try scanner.nextKey() != nil { try scanner.skipValue() }
        try scanner.end()
        if channel.equals("trade", in: message) {
            try trades(message, into: &events)
        } else if channel.equals("heartbeat", in: message) {
            events.append(.heartbeat(product: nil, lastID: nil))
        } else if channel.equals("status", in: message) {
            events.append(try status(message))
        } else {
            events.append(.ignored(kind: channel.string(in: message).cut(to: 64)))
        }
    }

    /// Trades, those of a snapshot too; a message may hold several products'.
    private func trades(_ message: Span<UInt8>, into events: inout [FeedEvent]) throws(JSONError) {
        var scanner = JSONScanner(message)
        guard try scanner.findMember("data", in: message) else {
            throw JSONError(.missingField("data"), at: message.count)
        }
        let first = events.count
        var isRising = true
        var lastID: Int64 = -1
        try scanner.beginArray()
        while try scanner.nextElement() {
            let event = try trade(message, &scanner)
            events.append(event)
            guard case .trade(let trade) = event else { continue }
            isRising = isRising && trade.id > lastID
            lastID = trade.id
        }
        // Nothing says that a snapshot begins with the oldest.
        if !isRising { events[first...].sort { KrakenMessage.id($0) < KrakenMessage.id($1) } }
    }

    private static func id(_ event: FeedEvent) -> Int64 {
        if case .trade(let trade) = event { trade.id } else { -1 }
    }

    private func trade(_ message: Span<UInt8>, _ scanner: inout JSONScanner) throws(JSONError) -> FeedEvent {
        var parts = TradeParts()
        var name: JSONText?
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            if key.equals("symbol", in: message) {
                name = try scanner.text()
            } else if key.equals("side", in: message) {
                parts.side = try scanner.choice()
            } else if key.equals("price", in: message) {
                parts.price = try scanner.exactPrice()
            } else if key.equals("qty", in: message) {
                parts.size = try scanner.exactPrice()
            } else if key.equals("trade_id", in: message) {
                parts.id = try scanner.integer()
            } else if key.equals("timestamp", in: message) {
                parts.time = try scanner.eventTime()
            } else {
                try scanner.skipValue()
            }
        }
        guard let name else { throw JSONError(.missingField("symbol"), at: scanner.position) }
        guard let product = index.number(of: name, in: message) else {
            return .ignored(kind: "trade of \(name.string(in: message).cut(to: 64))")
        }
        return .trade(try parts.trade(of: product, names: KrakenMessage.names, at: scanner.position))
    }

    /// The state of the exchange's engine; while it isn't online, no trades come on a connection that lives.
    private func status(_ message: Span<UInt8>) throws(JSONError) -> FeedEvent {
        var scanner = JSONScanner(message)
        guard try scanner.findMember("data", in: message) else { return .ignored(kind: "status") }
        try scanner.beginArray()
        while try scanner.nextElement() {
            if try scanner.findMember("system", in: message) {
                let system = try scanner.text()
                if system.equals("online", in: message) { return .heartbeat(product: nil, lastID: nil) }
                let state = system.string(in: message).cut(to: 64)
                return .failed(reason: "the exchange's state is \(state)", endsConnection: false)
            }
        }
        return .ignored(kind: "status")
    }
}
