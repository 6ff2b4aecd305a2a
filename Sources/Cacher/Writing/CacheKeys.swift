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
        "\(prefix)price:\(Self.pair(coin))"
    }

    /// The hash with a coin's latest closed candle of a kind.
    public func candle(_ coin: CoinKey, _ window: String = "1m") -> String {
        "\(prefix)candle:\(Self.pair(coin)):\(window)"
    }

    /// The sorted set of a coin's candles of a kind by the windows' starts.
    public func candles(_ coin: CoinKey, _ window: String = "1m") -> String {
        "\(prefix)candles:\(Self.pair(coin)):\(window)"
    }

    /// The open minute of a coin.
    func open(_ coin: CoinKey) -> String {
        "\(prefix)open:\(Self.pair(coin)):1m"
    }

    /// The sorted set of coins by rank of market capitalisation.
    public func coins(in currency: String) -> String {
        "\(prefix)coins:\(Self.part(currency))"
    }

    /// The sorted sets of a currency's coins by market capitalisation, by volume of the last 24 hours, and by the change of
    /// the last hour and day in percent.
    func ranking(_ ranking: Ranking, in currency: String) -> String {
        "\(prefix)\(ranking.start):\(Self.part(currency))\(ranking.end)"
    }

    /// The stream of all records of a kind.
    func stream(_ kind: RecordKind) -> String { "\(prefix)stream:\(kind.rawValue)" }

    /// The sorted set of the latest alerts by time.
    public var alerts: String { "\(prefix)alerts" }

    /// The hash of how far each partition has been read.
    public var freshness: String { "\(prefix)freshness" }

    /// How far a partition has been read, with everything before that in Redis.
    public func position(_ topic: Topic, _ partition: Int32) -> String {
        "\(prefix)position:\(topic.rawValue):\(partition)"
    }

    /// The hash of who writes what each partition brings.
    var owners: String { "\(prefix)owners" }

    /// The channel of a coin's prices.
    public func priceChannel(_ coin: CoinKey) -> String {
        "\(prefix)prices:\(Self.pair(coin))"
    }

    /// The channel of a coin's one-minute candles.
    public func candleChannel(_ coin: CoinKey) -> String {
        "\(prefix)candles:\(Self.pair(coin)):1m"
    }

    /// The channel of a coin's alerts.
    public func alertChannel(_ coin: CoinKey) -> String {
        "\(prefix)alerts:\(Self.pair(coin))"
    }

    /// What stands for a coin in a currency in the names of keys and channels.
    static func pair(_ coin: CoinKey) -> String {
        "\(part(coin.coinID)):\(part(coin.vsCurrency))"
    }

    /// A name as a part of a key: `%` and `:` as `%25` and `%3A`, so that the coin `a:b` in `c` and the coin `a` in `b:c`
    /// are two keys. CoinGecko's names have neither.
    static func part(_ name: String) -> String {
        guard name.utf8.contains(where: { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "%") }) else { return name }
        var result = String.UnicodeScalarView()
        for scalar in name.unicodeScalars {
            switch scalar {
            case "%": result.append(contentsOf: "%25".unicodeScalars)
            case ":": result.append(contentsOf: "%3A".unicodeScalars)
            default: result.append(scalar)
            }
        }
        return String(result)
    }
}
