import Shared

/// The keys of `aggregator.state`:
/// `position`, `coin/usd/bitcoin`, `pane/2026-11-22T20:35:00.000Z/usd/bitcoin`, `alert/btc-drop/usd/bitcoin`.
///
/// The coin comes last and may hold anything; in the other parts `/` and `%` are written as `%2F` and `%25`.
extension StateKey: CustomStringConvertible {
    /// The key as text.
    public var description: String {
        switch self {
        case .position: "position"
        case .coin(let coin): "coin/\(Self.place(coin))"
        case .pane(let coin, let start): "pane/\(start)/\(Self.place(coin))"
        case .alert(let ruleID, let coin): "alert/\(Self.escaped(ruleID))/\(Self.place(coin))"
        }
    }

    /// Reads what `description` writes; nil when the text is something else.
    public init?(_ text: String) {
        self.init(utf8: text.utf8.span)
    }

    /// Reads the UTF-8 of what `description` writes; nil when the bytes are something else. A restore reads hundreds of
    /// thousands of them, so they are looked at as bytes.
    public init?(utf8 text: Span<UInt8>) {
        let first = Self.slash(in: text, from: 0)
        let second = Self.slash(in: text, from: first + 1)
        let kind = text.extracting(0..<first)
        if ByteSequence.equal(kind, "position".utf8.span) {
            guard first == text.count else { return nil }
            self = .position
            return
        }
        guard second < text.count else { return nil }
        if ByteSequence.equal(kind, "coin".utf8.span) {
            guard let coin = Self.coin(in: text, from: first + 1, slash: second) else { return nil }
            self = .coin(coin)
            return
        }
        let third = Self.slash(in: text, from: second + 1)
        guard third < text.count, let coin = Self.coin(in: text, from: second + 1, slash: third) else { return nil }
        let middle = text.extracting(first + 1..<second)
        if ByteSequence.equal(kind, "pane".utf8.span), let start = EventTime(utf8: middle) {
            self = .pane(coin, start: start)
        } else if ByteSequence.equal(kind, "alert".utf8.span), let ruleID = Self.unescaped(middle) {
            self = .alert(ruleID: ruleID, coin)
        } else {
            return nil
        }
    }

    /// Where the next slash stands, or the end.
    private static func slash(in text: Span<UInt8>, from start: Int) -> Int {
        var index = min(start, text.count)
        while index < text.count, text[index] != UInt8(ascii: "/") { index += 1 }
        return index
    }

    private static func coin(in text: Span<UInt8>, from start: Int, slash: Int) -> CoinKey? {
        unescaped(text.extracting(start..<slash)).map {
            CoinKey(coinID: string(text.extracting(slash + 1..<text.count)), vsCurrency: $0)
        }
    }

    private static func string(_ bytes: Span<UInt8>) -> String {
        bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }

    private static func place(_ coin: CoinKey) -> String {
        "\(escaped(coin.vsCurrency))/\(coin.coinID)"
    }

    private static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "%") }) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "/": result += "%2F"
            case "%": result += "%25"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func unescaped(_ bytes: Span<UInt8>) -> String? {
        let text = string(bytes)
        guard text.utf8.contains(UInt8(ascii: "%")) else { return text }
        let pieces = text.split(separator: "%", omittingEmptySubsequences: false)
        var result = pieces.first.map(String.init) ?? ""
        for piece in pieces.dropFirst() {
            if piece.hasPrefix("2F") {
                result += "/"
            } else if piece.hasPrefix("25") {
                result += "%"
            } else {
                return nil
            }
            result += piece.dropFirst(2)
        }
        return result
    }
}
