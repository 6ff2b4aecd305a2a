import Logging

/// The settings that every service has: logs, the HTTP endpoints, and how long a stop may take.
public struct RuntimeSettings: Sendable {
    static let logLevel = Setting<Logger.Level>.choice(
        "LOG_LEVEL",
        default: .info,
        alsoCalled: ["warn": .warning],
        help: "The least important level that is logged."
    )
    static let logFormat = Setting<LogFormat>.choice(
        "LOG_FORMAT",
        default: .auto,
        help: "How log lines look; auto is text when stderr is a terminal and JSON otherwise."
    )
    static let httpHost = Setting<String>.address(
        "HTTP_HOST",
        help: "The address that /healthz, /readyz and /metrics listen on."
    )
    static let shutdownTimeout = Setting.duration(
        "SHUTDOWN_TIMEOUT",
        from: "1s",
        to: "10m",
        default: "4s",
        help: "How long the batch in hand may take after SIGTERM or SIGINT before the process ends without it."
    )
    static let heartbeatTimeout = Setting.duration(
        "HEARTBEAT_TIMEOUT",
        from: "1s",
        to: "1h",
        default: "60s",
        help: "How long the pipeline's loop may stand still before /healthz says that the service hangs, and the "
            + "process ends with exit code 1. Much below the default, an ordinary wait for a server counts as a hang."
    )

    /// The setting of the HTTP port; each service has a default of its own.
    static func httpPort(default port: Int) -> Setting<Int> {
        .integer(
            "HTTP_PORT",
            in: 0...65_535,
            default: port,
            help: "The port that /healthz, /readyz and /metrics listen on; 0 takes a free one and logs it."
        )
    }

    /// All of them, for the check at the start and for `--help`.
    public static func all(httpPort port: Int) -> [any SettingDescription] {
        [logLevel, logFormat, httpHost, httpPort(default: port), shutdownTimeout, heartbeatTimeout]
    }

    /// The least important level that is logged.
    public var logLevel: Logger.Level
    /// How log lines look.
    public var logFormat: LogFormat
    /// The IPv4 or IPv6 address the endpoints listen on.
    public var httpHost: String
    /// The port the endpoints listen on; 0 takes a free one.
    public var httpPort: Int
    /// How long the pipeline may take to drain and commit.
    public var shutdownTimeout: Duration
    /// How long the pipeline's loop may stand still.
    public var heartbeatTimeout: Duration

    /// Reads them.
    /// - Parameter port: The default of `HTTP_PORT`.
    /// - Throws: ``SettingsError`` for the first that isn't allowed.
    public init(_ reader: SettingsReader, httpPort port: Int) throws(SettingsError) {
        logLevel = try reader.value(Self.logLevel)
        logFormat = try reader.value(Self.logFormat)
        httpHost = try reader.value(Self.httpHost)
        httpPort = try reader.value(Self.httpPort(default: port))
        shutdownTimeout = try reader.value(Self.shutdownTimeout)
        heartbeatTimeout = try reader.value(Self.heartbeatTimeout)
    }
}
