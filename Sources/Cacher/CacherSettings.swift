import Shared

/// What the Cacher is told by the environment.
public struct CacherSettings: Sendable {
    /// What of several ticks is published.
    enum Publish: String, CaseIterable, Sendable {
        case newest, all
    }

    static let group = Setting.text(
        "CACHER_GROUP",
        default: "tickline-cacher",
        help: "The consumer group; KAFKA_TOPIC_PREFIX goes before it."
    )
    static let keyPrefix = Setting.text(
        "CACHER_KEY_PREFIX",
        default: "",
        allowed: "any text without white space",
        help: "Put before every key and channel, so that several stacks can share one Redis."
    ) { !$0.contains { $0.isWhitespace } }
    static let timeToLive = Setting.duration(
        "CACHER_TTL",
        from: "0s",
        to: "8760h",
        default: "168h",
        help:
            "How long a coin's keys live after their last write, 0s for ever; the default is the retention of prices.raw."
    )
    static let keptAlerts = Setting.integer(
        "CACHER_KEPT_ALERTS",
        in: 1...100_000,
        default: 1_000,
        help: "How many alerts the sorted set of alerts keeps."
    )
    static let keptCandles = Setting.integer(
        "CACHER_KEPT_CANDLES",
        in: 0...100_000,
        default: 1_440,
        help: "How many one-minute candles the history of each coin keeps, 0 for none."
    )
    static let openCandles = Setting.flag(
        "CACHER_OPEN_CANDLES",
        default: true,
        help: "Whether the minute of each coin that is still open is kept, and written with each of its prices."
    )
    static let publish = Setting<Publish>.choice(
        "CACHER_PUBLISH",
        default: .newest,
        help: "What of several ticks of a coin that arrive at once is published: the newest, or all in their order."
    )
    static let streams = Setting.flag(
        "CACHER_STREAMS",
        default: false,
        help: "Whether every tick, candle and alert also goes into a Redis Stream, for readers that may not miss one."
    )
    static let streamLength = Setting.integer(
        "CACHER_STREAM_LENGTH",
        in: 1...100_000_000,
        default: 100_000,
        help: "How many records a stream keeps, or some more (MAXLEN ~)."
    )
    static let batchSize = Setting.integer(
        "CACHER_BATCH_SIZE",
        in: 1...10_000,
        default: 2_000,
        help: "How many records at most are reduced to one write."
    )
    static let maximumFuture = Setting.duration(
        "CACHER_MAX_FUTURE",
        from: "0s",
        to: "24h",
        default: "1m",
        help: "How far past the wall clock an event time may lie; what is beyond that is not cached but a dead letter."
    )

    /// All of them, with Kafka's, for the check at the start and for `--help`.
    public static let all: [any SettingDescription] =
        RedisSettings.all + [
            group, keyPrefix, timeToLive, keptAlerts, keptCandles, openCandles, publish, streams, streamLength,
            batchSize,
            maximumFuture,
        ] + KafkaSettings.all

    /// Where the brokers are.
    public var kafka: KafkaSettings
    /// Where Redis is.
    public var redis: RedisURL
    /// How long Redis may take.
    public var redisTimeout: Duration
    /// The consumer group, prefix included.
    public var group: String
    /// The names of keys and channels.
    public var keys: CacheKeys
    /// How long a key lives without being written, in ms; 0 for ever.
    public var timeToLiveMilliseconds: Int64
    /// How many alerts are kept.
    public var keptAlerts: Int
    /// How many candles of a coin are kept; 0 for none.
    public var keptCandles: Int
    /// Whether the minutes that are open are kept.
    public var keepsOpenCandles: Bool
    /// What of a batch is published, and whether it goes into streams.
    public var extent: CacheBatch.Extent
    /// How many records a stream keeps.
    public var streamLength: Int
    /// How many records one batch takes.
    public var batchSize: Int
    /// How far in the future a tick, a window or an alert may lie, in µs.
    public var maximumFutureMicroseconds: Int64

    /// Reads them.
    /// - Throws: ``SettingsError`` for the first that isn't allowed.
    public init(_ reader: SettingsReader) throws {
        kafka = try KafkaSettings(reader, clientID: "tickline-cacher")
        redis = try RedisSettings.read(reader)
        redisTimeout = try reader.value(RedisSettings.timeout)
        group = kafka.topicPrefix + (try reader.value(Self.group))
        keys = CacheKeys(prefix: try reader.optional(Self.keyPrefix) ?? "")
        timeToLiveMilliseconds = Int64(try reader.value(Self.timeToLive) / .milliseconds(1))
        keptAlerts = try reader.value(Self.keptAlerts)
        keptCandles = try reader.value(Self.keptCandles)
        keepsOpenCandles = try reader.value(Self.openCandles)
        extent = CacheBatch.Extent(
            publishesAll: try reader.value(Self.publish) == .all,
            hasStreams: try reader.value(Self.streams)
        )
        streamLength = try reader.value(Self.streamLength)
        batchSize = try reader.value(Self.batchSize)
        maximumFutureMicroseconds = try reader.value(Self.maximumFuture).wholeMicroseconds
    }
}
