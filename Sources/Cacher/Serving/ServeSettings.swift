import Shared

/// What `cacher serve` is told by the environment.
public struct ServeSettings: Sendable {
    static let host = Setting<String>.address(
        "CACHER_HTTP_HOST",
        help: "The address that the API and the page listen on."
    )
    static let port = Setting.integer(
        "CACHER_HTTP_PORT",
        in: 0...65_535,
        default: 8_080,
        help: "The port of the API and the page; 0 takes a free one."
    )
    static let corsOrigin = Setting.text(
        "CACHER_HTTP_CORS_ORIGIN",
        allowed: "an origin such as https://example.com, or *",
        help: "Which pages of other origins may read the API from a browser; unset, none."
    ) {
        $0 == "*"
            || ($0.hasPrefix("http://") || $0.hasPrefix("https://")) && !$0.utf8.contains { $0 <= 0x20 || $0 >= 0x7F }
    }
    static let connections = Setting.integer(
        "CACHER_HTTP_CONNECTIONS",
        in: 16...100_000,
        default: 2_048,
        help: "How many connections may be open besides those that read a stream; then the one idle longest is closed."
    )
    static let readers = Setting.integer(
        "CACHER_HTTP_READERS",
        in: 1...100_000,
        default: 4_096,
        help: "How many clients may read a stream at once."
    )
    static let turn = Setting.duration(
        "CACHER_HTTP_TIMEOUT",
        from: "1s",
        to: "10m",
        default: "15s",
        help: "How long a connection may take to send a request, and to take an answer."
    )

    /// No pause between two attempts to reach Redis is longer: people look at the page meanwhile.
    static let longestPause = Duration.seconds(2)

    /// All of them, for the check at the start and for `--help`.
    public static let all: [any SettingDescription] =
        [host, port, corsOrigin, connections, readers, turn] + RedisSettings.all + [CacherSettings.keyPrefix]

    /// Where to listen.
    public var address: HTTPAddress
    /// What strangers may cost.
    public var limits: HTTPLimits
    /// Which origin's pages may read the answers; nil for none.
    public var corsOrigin: String?
    /// How many streams there may be.
    public var readers: Int
    /// Where Redis is.
    public var redis: RedisURL
    /// How long Redis may take.
    public var redisTimeout: Duration
    /// `CACHER_KEY_PREFIX`
    public var prefix: String

    /// The names of keys and channels.
    public var keys: CacheKeys { CacheKeys(prefix: prefix) }

    /// Reads them.
    /// - Throws: ``SettingsError`` for the first that isn't allowed.
    public init(_ reader: SettingsReader) throws {
        address = HTTPAddress(
            "CACHER_HTTP",
            host: try reader.value(Self.host),
            port: try reader.value(Self.port)
        )
        limits = HTTPLimits()
        limits.connections = try reader.value(Self.connections)
        limits.turn = try reader.value(Self.turn)
        limits.backlog = 4_096
        corsOrigin = try reader.optional(Self.corsOrigin)
        readers = try reader.value(Self.readers)
        redis = try RedisSettings.read(reader)
        redisTimeout = try reader.value(RedisSettings.timeout)
        prefix = try reader.optional(CacherSettings.keyPrefix) ?? ""
    }
}
