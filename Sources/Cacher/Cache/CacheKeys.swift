import Shared

/// The names of keys and channels in Redis, as docs/redis.md promises them.
public struct CacheKeys: Sendable, Hashable {
    /// Stands before every key and channel (`CACHER_KEY_PREFIX`), so that several stacks can share one Redis.
    public var prefix: String

    /// Makes the names with a prefix, which may be empty.
    public init(prefix: String = "") {
        self.prefix = prefix
    }

    /// The hash with a coin's latest price.
    public func price(_ coin: CoinKey) -> String {
        "\(prefix)price:\(coin.coinID):\(coin.vsCurrency)"
    }

    /// The hash with a coin's latest closed one-minute candle.
    public func candle(_ coin: CoinKey) -> String {
        "\(prefix)candle:\(coin.coinID):\(coin.vsCurrency):1m"
    }

    /// The sorted set of coins by rank of market capitalisation.
    public func coins(in currency: String) -> String {
        "\(prefix)coins:\(currency)"
    }

    /// The sorted set of the latest alerts by time.
    public var alerts: String { "\(prefix)alerts" }

    /// The channel of a coin's prices.
    public func priceChannel(_ coin: CoinKey) -> String {
        "\(prefix)prices:\(coin.coinID):\(coin.vsCurrency)"
    }

    /// The channel of a coin's one-minute candles.
    public func candleChannel(_ coin: CoinKey) -> String {
        "\(prefix)candles:\(coin.coinID):\(coin.vsCurrency):1m"
    }

    /// The channel of a coin's alerts.
    public func alertChannel(_ coin: CoinKey) -> String {
        "\(prefix)alerts:\(coin.coinID):\(coin.vsCurrency)"
    }
}
