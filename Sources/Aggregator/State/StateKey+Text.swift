import Shared

/// The keys of `aggregator.state`:
/// `position`, `coin/usd/bitcoin`, `pane/2026-11-22T20:35:00.000Z/usd/bitcoin`, `alert/btc-drop/usd/bitcoin`.
///
/// The coin comes last and may hold anything; in the other parts `/` and `%` are written as `%2F` and `%25`. All of it is
/// done with bytes: to a `String`, a `/` before a combining accent is no `/`.
extension StateKey: CustomStringConvertible {
    /// The key as text.
    public var description: String {
        String(decoding: utf8, as: UTF8.self)
    }

    /// The key's bytes.
    public var utf8: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(64)
        switch self {
        case .position: bytes += "position".utf8
        case .coin(let coin):
            bytes += "coin/".utf8
            Self.append(coin, to: &bytes)
        case .pane(let coin, let start):
            bytes += "pane/".utf8
            bytes += start.description.utf8
            bytes.append(Self.slash)
            Self.append(coin, to: &bytes)
        case .alert(let ruleID, let coin):
            bytes += "alert/".utf8
            Self.append(escaped: ruleID, to: &bytes)
            bytes.append(Self.slash)
            Self.append(coin, to: &bytes)
        }
        return bytes
    }

    /// Reads what `description` writes; nil when the text is something else.
    public init?(_ text: String) {
        self.init(utf8: text.utf8.span)
    }

    /// Reads what `utf8` writes; nil when the bytes are something else.
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

    private static let slash = UInt8(ascii: "/")
    private static let percent = UInt8(ascii: "%")

    /// Where the next slash stands, or the end.
    private static func slash(in text: Span<UInt8>, from start: Int) -> Int {
        var index = min(start, text.count)
        while index < text.count, text[index] != slash { index += 1 }
        return index
    }

    private static func coin(in text: Span<UInt8>, from start: Int, slash: Int) -> CoinKey? {
        guard let currency = unescaped(text.extracting(start..<slash)),
            let coin = string(text.extracting(slash + 1..<text.count))
        else { return nil }
        return CoinKey(coinID: coin, vsCurrency: currency)
    }

    /// The text, or nil when the bytes are no UTF-8: such a key is not one of ours.
    private static func string(_ bytes: Span<UInt8>) -> String? {
        bytes.withUnsafeBufferPointer { String(validating: $0, as: UTF8.self) }
    }

    private static func append(_ coin: CoinKey, to bytes: inout [UInt8]) {
        append(escaped: coin.vsCurrency, to: &bytes)
        bytes.append(slash)
        bytes += coin.coinID.utf8
    }

    private static func append(escaped text: String, to bytes: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case slash: bytes += "%2F".utf8
            case percent: bytes += "%25".utf8
            default: bytes.append(byte)
            }
        }
    }

    private static func unescaped(_ text: Span<UInt8>) -> String? {
        var index = 0
        while index < text.count, text[index] != percent { index += 1 }
        if index == text.count { return string(text) }
        var bytes: [UInt8] = []
        index = 0
        while index < text.count {
            guard text[index] == percent else {
                bytes.append(text[index])
                index += 1
                continue
            }
            guard index + 2 < text.count, text[index + 1] == UInt8(ascii: "2") else { return nil }
            switch text[index + 2] {
            case UInt8(ascii: "F"): bytes.append(slash)
            case UInt8(ascii: "5"): bytes.append(percent)
            default: return nil
            }
            index += 3
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
