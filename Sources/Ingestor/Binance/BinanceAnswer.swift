import Shared

/// The members of a message of Binance that is no trade: `{"result":null,"id":1}`, `{"code":2,"msg":"…","id":1}`, or the
/// same inside `error`.
struct BinanceAnswer {
    /// Where the event of a combined stream stands.
    var event: Range<Int>?
    /// Whether the message is itself an event, as on a raw stream.
    private(set) var isEvent = false
    private var id: Int?
    private var hasResult = false
    private var code: Int?
    private var text: String?

    /// Reads or skips the value of a member.
    mutating func read(
        _ key: JSONText,
        in message: Span<UInt8>,
        _ scanner: inout JSONScanner
    ) throws(JSONError) {
        if key.equals("id", in: message), try scanner.peekKind() == .number {
            id = try scanner.integer()
        } else if key.equals("result", in: message) {
            hasResult = true
            try scanner.skipValue()
        } else if key.equals("code", in: message), try scanner.peekKind() == .number {
            code = try scanner.integer()
        } else if key.equals("msg", in: message), try scanner.peekKind() == .string {
            text = try scanner.string()
        } else if key.equals("error", in: message), try scanner.peekKind() == .object {
            try scanner.beginObject()
            while let key = try scanner.nextKey() { try read(key, in: message, &scanner) }
        } else {
            if key.equals("e", in: message) { isEvent = true }
            try scanner.skipValue()
        }
    }

    /// Appends what it means.
    /// - Throws: ``JSONError`` when it is no answer either.
    func append(to events: inout [FeedEvent], index: ProductIndex, productCount: Int) throws(JSONError) {
        let products = id.flatMap { BinanceExchange.products(ofRequest: $0, count: productCount) }
        if code != nil || text != nil {
            events.append(complaint(about: products, index))
        } else if hasResult, let products {
            for product in products { events.append(.subscribed(product: product)) }
        } else if hasResult {
            events.append(.ignored(kind: "an answer to nothing that was asked"))
        } else {
            throw JSONError(.missingField("data"), at: 0)
        }
    }

    private func complaint(about products: Range<Int>?, _ index: ProductIndex) -> FeedEvent {
        let words = [text, code.map { "code \($0)" }].compactMap(\.self).joined(separator: ", ")
            .cut(to: RecordLimit.error)
        // It names a product at most in its words; a request for one product is about that one.
        if let products, products.count == 1 { return .refused(product: products.lowerBound, reason: words) }
        if let product = text.flatMap({ index.number(mentionedIn: $0.uppercased()) }) {
            return .refused(product: product, reason: words)
        }
        return .failed(reason: words, endsConnection: true)
    }
}
