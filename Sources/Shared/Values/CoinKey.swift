/// A coin in a currency: what windows, alert states and cached values are keyed by.
///
/// Two are the same only byte for byte: Swift's `String` takes `é` as one character and as `e` with an accent for equal,
/// Kafka and the database don't.
public struct CoinKey: Sendable {
    /// CoinGecko's id of the coin.
    public var coinID: String
    /// The currency of its prices.
    public var vsCurrency: String

    /// Names a coin.
    public init(coinID: String, vsCurrency: String) {
        self.coinID = coinID
        self.vsCurrency = vsCurrency
    }
}

extension CoinKey: Hashable {
    /// Whether both name the same coin and currency, byte for byte.
    public static func == (left: CoinKey, right: CoinKey) -> Bool {
        left.coinID.hasSameBytes(as: right.coinID) && left.vsCurrency.hasSameBytes(as: right.vsCurrency)
    }

    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) {
        coinID.hashBytes(into: &hasher)
        vsCurrency.hashBytes(into: &hasher)
    }
}
