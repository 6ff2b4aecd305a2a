import Shared

/// Kraken's answer to a request; one comes for every product of a subscription.
struct KrakenAnswer {
    private var method: JSONText?
    private var isSuccess = true
    private var error: JSONText?
    private var symbol: JSONText?
    private var channel: JSONText?

    /// Reads an answer.
    /// - Throws: ``JSONError``.
    init(_ message: Span<UInt8>) throws(JSONError) {
        var scanner = JSONScanner(message)
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            if key.equals("method", in: message) {
                method = try scanner.text()
            } else if key.equals("success", in: message) {
                isSuccess = try scanner.bool()
            } else if key.equals("error", in: message) {
                let text = try scanner.optionalText()
                error = text.count > 0 ? text : nil
            } else if key.equals("symbol", in: message) {
                symbol = try scanner.text()
            } else if key.equals("result", in: message), try scanner.peekKind() == .object {
                try readResult(message, &scanner)
            } else {
                try scanner.skipValue()
            }
        }
        try scanner.end()
    }

    private mutating func readResult(_ message: Span<UInt8>, _ scanner: inout JSONScanner) throws(JSONError) {
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            if key.equals("symbol", in: message) {
                symbol = try scanner.text()
            } else if key.equals("channel", in: message) {
                channel = try scanner.text()
            } else {
                try scanner.skipValue()
            }
        }
    }

    /// What it means.
    func event(_ index: ProductIndex, _ message: Span<UInt8>) throws(JSONError) -> FeedEvent {
        let product = symbol.flatMap { index.number(of: $0, in: message) }
        if let error {
            return complaint(error.string(in: message).cut(to: RecordLimit.error), product)
        }
        guard let method else { throw JSONError(.missingField("channel"), at: message.count) }
        if !isSuccess { return complaint("a request failed, and it doesn't say why", product) }
        if method.equals("subscribe", in: message), let product, channel?.equals("trade", in: message) == true {
            return .subscribed(product: product)
        }
        if method.equals("pong", in: message) { return .heartbeat(product: nil, lastID: nil) }
        return .ignored(kind: method.string(in: message).cut(to: 64))
    }

    /// An error about a product is the product's, unless it says that it will pass.
    private func complaint(_ text: String, _ product: Int?) -> FeedEvent {
        let passing = ["msg rate", "rate limit", "unavailable", "busy", "try again", "timeout", "internal error"]
        let words = text.lowercased()
        guard let product, !passing.contains(where: words.contains) else {
            return .failed(reason: text, endsConnection: true)
        }
        if words.contains("already subscribed") { return .subscribed(product: product) }
        return .refused(product: product, reason: text)
    }
}
