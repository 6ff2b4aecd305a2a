/// What CoinGecko sells: host, header of the key, and limits. The figures move; every one of them can be set.
enum CoinGeckoPlan: String, Sendable, CaseIterable {
    /// No key: the limit counts per IP address and is shared by everybody behind it.
    case keyless
    /// A free key.
    case demo
    /// A paid key, on a host of its own.
    case pro

    /// Where the plan is served.
    var baseURL: String {
        self == .pro ? "https://pro-api.coingecko.com/api/v3" : "https://api.coingecko.com/api/v3"
    }

    /// The request header that carries the key.
    var keyHeader: String? {
        switch self {
        case .keyless: nil
        case .demo: "x-cg-demo-api-key"
        case .pro: "x-cg-pro-api-key"
        }
    }

    /// Requests a minute: 5 is the least that keyless users report, 30 what demo keys had for years, 250 the smallest
    /// paid plan.
    var callsPerMinute: Int {
        switch self {
        case .keyless: 5
        case .demo: 30
        case .pro: 250
        }
    }

    /// Requests a month; `nil` when nothing is known that holds for every customer of the plan.
    var callsPerMonth: Int? {
        self == .demo ? 10_000 : nil
    }

    /// How often the prices change at all on this plan; polling faster brings the same page again.
    var refreshInterval: Duration {
        self == .pro ? .seconds(30) : .seconds(60)
    }

    /// How far back history goes; `nil` where it has no end (error 10012 says the same).
    var historyReach: Duration? {
        self == .pro ? nil : .seconds(365 * 86_400)
    }

    /// Whether `/key` says what the plan is.
    var tellsUsage: Bool { self == .pro }
}
