import Shared

/// What the name of a key or a channel of a coin says: `candle:bitcoin:usd:1m`.
struct KeyName: Hashable {
    /// `price`, `candle`, `candles`, `open`, `prices`, `alerts`.
    var kind: String
    /// Whose it is.
    var coin: CoinKey
    /// The length of the candles; nil where there is none.
    var window: String?

    /// Reads a name; nil when it is none of a coin's.
    init?(_ name: String, prefix: String) {
        guard name.utf8.starts(with: prefix.utf8) else { return nil }
        let parts = Substring(name).utf8.dropFirst(prefix.utf8.count)
            .split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
            .map { PercentEncoding.decode(Substring($0)) }
        guard parts.count == 3 || parts.count == 4, let kind = parts[0], let id = parts[1], let currency = parts[2]
        else { return nil }
        self.kind = kind
        coin = CoinKey(coinID: id, vsCurrency: currency)
        window = parts.count == 4 ? parts[3] : nil
    }
}
