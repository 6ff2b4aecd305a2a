import Shared

/// The settings of the source `coingecko`.
struct CoinGeckoSettings: Sendable {
    static let apiKey = Setting.text(
        "COINGECKO_API_KEY",
        secret: true,
        allowed: "the key as CoinGecko shows it",
        help: "The API key, if you have one (coingecko).",
        where: { $0.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } }
    )
    static let plan = Setting<CoinGeckoPlan>.choice(
        "COINGECKO_PLAN",
        help: "The plan, which decides host, key header and limits; unset, demo with a key, keyless without "
            + "(coingecko)."
    )
    static let baseURL = Setting.text(
        "COINGECKO_BASE_URL",
        secret: true,
        masked: MaskedURL.withoutUser,
        allowed: "a URL that begins with http:// or https:// and has no query",
        help: "The API's address; unset, the plan's host (coingecko).",
        where: { url in
            (url.hasPrefix("https://") || url.hasPrefix("http://"))
                && !url.contains { $0.isWhitespace || $0 == "?" || $0 == "#" }
        }
    )
    static let callsPerMinute = Setting.integer(
        "COINGECKO_CALLS_PER_MINUTE",
        in: 1...100_000,
        help:
            "The most requests a minute of all processes with the key; without it 5 (keyless), 30 (demo) or what /key says "
            + "of a paid one (250 if it says nothing)."
    )
    static let callsPerMonth = Setting.integer(
        "COINGECKO_CALLS_PER_MONTH",
        in: 1...1_000_000_000,
        help:
            "The most requests in 31 days of all processes with the key, spread evenly; without it 10000 (demo), what /key "
            + "says of a paid one, or no limit (keyless)."
    )
    static let timeout = Setting.duration(
        "COINGECKO_TIMEOUT",
        from: "1s",
        to: "50s",
        default: "30s",
        help: "How long a request may take (coingecko)."
    )
    static let clockTolerance = Setting.duration(
        "COINGECKO_CLOCK_TOLERANCE",
        from: "0s",
        to: "24h",
        default: "30s",
        help:
            "How far a coin's last_updated may be ahead of the answer's Date, and the Date ahead of this machine's clock, "
            + "before the latter is taken instead."
    )
    static let retryAfterCap = Setting.duration(
        "COINGECKO_RETRY_AFTER_CAP",
        from: "1s",
        to: "24h",
        default: "10m",
        help: "The longest Retry-After to obey; a longer one counts as this (coingecko)."
    )

    static let backfillGaps = Setting.flag(
        "COINGECKO_BACKFILL_GAPS",
        default: false,
        help:
            "Whether times in which nothing was polled, for a quarter of an hour or longer, are filled from CoinGecko's history; "
            + "a call for each coin and currency."
    )

    /// All of them.
    static let all: [any SettingDescription] = [
        apiKey, plan, baseURL, callsPerMinute, callsPerMonth, timeout, clockTolerance, retryAfterCap,
        backfillGaps,
    ]

    /// The key.
    var apiKey: String?
    /// Host, header and limits.
    var plan: CoinGeckoPlan
    /// The API's URL without a slash at the end.
    var baseURL: String
    /// The most requests a minute, if it was set.
    var callsPerMinute: Int?
    /// The most requests a month, if it was set.
    var callsPerMonth: Int?
    /// How long a request may take.
    var timeout: Duration
    /// How far `last_updated` may be ahead.
    var clockTolerance: Duration
    /// The longest `Retry-After`.
    var retryAfterCap: Duration
    /// Whether gaps are filled.
    var backfillGaps: Bool

    /// Reads them.
    /// - Throws: ``SettingsError`` for the first that isn't allowed, and for a key and a plan that don't fit.
    init(_ reader: SettingsReader) throws(SettingsError) {
        apiKey = try reader.optional(Self.apiKey)
        plan = try reader.optional(Self.plan) ?? (apiKey == nil ? .keyless : .demo)
        if plan != .keyless, apiKey == nil {
            let reason = "is not set, but COINGECKO_PLAN is \(plan.rawValue), allowed: \(Self.apiKey.allowed)"
            throw SettingsError([SettingsProblem(name: Self.apiKey.name, reason: reason)])
        }
        if plan == .keyless, apiKey != nil {
            let reason = "is keyless, but COINGECKO_API_KEY is set, allowed: demo, pro, or no key"
            throw SettingsError([SettingsProblem(name: Self.plan.name, reason: reason)])
        }
        var url = try reader.optional(Self.baseURL) ?? plan.baseURL
        while url.hasSuffix("/") { url.removeLast() }
        baseURL = url
        callsPerMinute = try reader.optional(Self.callsPerMinute)
        callsPerMonth = try reader.optional(Self.callsPerMonth)
        timeout = try reader.value(Self.timeout)
        clockTolerance = try reader.value(Self.clockTolerance)
        retryAfterCap = try reader.value(Self.retryAfterCap)
        backfillGaps = try reader.value(Self.backfillGaps)
    }

    /// What the key allows: what was set, else what CoinGecko says, else what the plan usually has.
    func limits(usage: KeyUsage?, round: Int) -> CallLimits {
        CallLimits(
            perMinute: callsPerMinute ?? usage?.perMinute ?? plan.callsPerMinute,
            perMonth: callsPerMonth ?? usage?.perMonth ?? plan.callsPerMonth,
            round: round
        )
    }
}
