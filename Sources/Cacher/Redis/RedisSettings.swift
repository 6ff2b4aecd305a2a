import FoundationEssentials
import Shared

/// The settings of the connection to Redis, the same for the Cacher, `serve`, `get` and `tail`.
enum RedisSettings {
    static let url = Setting<RedisURL>(
        "REDIS_URL",
        default: "redis://redis:6379/0",
        secret: true,
        masked: MaskedURL.text,
        allowed: RedisURL.allowed,
        help: "Where Redis is; user and password are percent-encoded."
    ) { RedisURL($0) }
    static let password = Setting.text(
        "REDIS_PASSWORD",
        secret: true,
        help: "The password, as it is, when REDIS_URL has none."
    )
    static let timeout = Setting.duration(
        "REDIS_TIMEOUT",
        from: "10ms",
        to: "1m",
        default: "2s",
        help: "How long connecting to Redis, and later each of its answers, may take."
    )
    static let authorities = file(
        "REDIS_TLS_CA_FILE",
        help: "The authorities that are trusted instead of the system's (rediss://)."
    )
    static let certificate = file(
        "REDIS_TLS_CERTIFICATE_FILE",
        help: "Our certificate and its chain, when Redis asks for one (rediss://)."
    )
    static let key = file("REDIS_TLS_KEY_FILE", help: "The key of that certificate, without a password (rediss://).")
    static let serverName = Setting.text(
        "REDIS_TLS_SERVER_NAME",
        allowed: "a host name or an IP address",
        help: "The name in the certificates of Redis and its sentinels, when it isn't the host (rediss://)."
    ) { !$0.utf8.contains { $0 <= 0x20 } }
    static let sentinelUser = Setting.text(
        "REDIS_SENTINEL_USER",
        help: "The ACL user for the sentinels; the login of REDIS_URL is for Redis alone (redis-sentinel://)."
    )
    static let sentinelPassword = Setting.text(
        "REDIS_SENTINEL_PASSWORD",
        secret: true,
        help: "The sentinels' password, when they want one (redis-sentinel://)."
    )

    /// All of them, for the check at the start and for `--help`.
    static let all: [any SettingDescription] = [
        url, password, timeout, authorities, certificate, key, serverName, sentinelUser, sentinelPassword,
    ]

    /// Reads where Redis is and how to get in.
    /// - Throws: ``SettingsError`` for the first that isn't allowed, for those that contradict each other, and for files
    ///   that can't be used.
    static func read(_ reader: SettingsReader) throws(SettingsError) -> RedisURL {
        var result = try reader.value(url)
        if let password = try reader.optional(password) {
            if result.password != nil { throw problem(Self.password, "and the password in REDIS_URL are both set") }
            result.password = password
        }
        if result.user != nil, result.password == nil {
            throw problem(url, "has a user and no password: put it there, or into REDIS_PASSWORD")
        }
        result.sentinelUser = try reader.optional(sentinelUser)
        result.sentinelPassword = try reader.optional(sentinelPassword)
        if result.sentinelUser != nil, result.sentinelPassword == nil {
            throw problem(sentinelUser, "needs REDIS_SENTINEL_PASSWORD")
        }
        let tls = RedisTLS(
            authorities: try reader.optional(authorities),
            certificate: try reader.optional(certificate),
            key: try reader.optional(key),
            serverName: try reader.optional(serverName)
        )
        guard result.tls != nil else {
            // Who sets one of these believes that the connection is protected.
            let those = [authorities, certificate, key, serverName]
            if let set = those.first(where: { reader.isSet($0) }) { throw problem(set, "needs rediss:// in REDIS_URL") }
            return result
        }
        if tls.certificate != nil, tls.key == nil { throw problem(certificate, "needs REDIS_TLS_KEY_FILE") }
        if tls.key != nil, tls.certificate == nil { throw problem(key, "needs REDIS_TLS_CERTIFICATE_FILE") }
        do throws(RedisError) {
            _ = try TLSContext(tls)
        } catch {
            throw problem(url, "can't be used: \(error)")
        }
        result.tls = tls
        return result
    }

    private static func file(_ name: String, help: String) -> Setting<String> {
        .text(name, allowed: "the path of a PEM file that can be read", help: help) { path in
            FileManager.default.isReadableFile(atPath: path)
        }
    }

    private static func problem(_ setting: some SettingDescription, _ reason: String) -> SettingsError {
        SettingsError([SettingsProblem(name: setting.name, reason: reason)])
    }
}
