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
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 3, omittingEmptySubsequences: false)
        switch parts.first.map({ String($0) }) {
        case "position"? where parts.count == 1:
            self = .position
        case "coin"? where parts.count >= 3:
            let rest = text.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 2, omittingEmptySubsequences: false)
            guard let coin = Self.coin(rest[1], rest[2]) else { return nil }
            self = .coin(coin)
        case "pane"? where parts.count == 4:
            guard let start = EventTime(Substring(parts[1])), let coin = Self.coin(parts[2], parts[3]) else {
                return nil
            }
            self = .pane(coin, start: start)
        case "alert"? where parts.count == 4:
            guard let ruleID = Self.unescaped(parts[1]), let coin = Self.coin(parts[2], parts[3]) else { return nil }
            self = .alert(ruleID: ruleID, coin)
        default: return nil
        }
    }

    private static func place(_ coin: CoinKey) -> String {
        "\(escaped(coin.vsCurrency))/\(coin.coinID)"
    }

    private static func coin(_ currency: Substring.UTF8View, _ coinID: Substring.UTF8View) -> CoinKey? {
        unescaped(currency).map { CoinKey(coinID: String(Substring(coinID)), vsCurrency: $0) }
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

    private static func unescaped(_ text: Substring.UTF8View) -> String? {
        let pieces = Substring(text).split(separator: "%", omittingEmptySubsequences: false)
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
