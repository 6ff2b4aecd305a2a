import Shared

/// The settings of the source `coinpaprika`.
struct CoinPaprikaSettings: Sendable {
    /// The currencies that it quotes in, of `quotes` in its documentation of `/tickers` (1.7.10).
    static let quotes: Set<String> = [
        "btc", "eth", "usd", "eur", "pln", "krw", "gbp", "cad", "jpy", "rub", "try", "nzd", "aud", "chf", "uah", "hkd",
        "sgd",
        "ngn", "php", "mxn", "brl", "thb", "clp", "cny", "czk", "dkk", "huf", "idr", "ils", "inr", "myr", "nok", "pkr",
        "sek",
        "twd", "zar", "vnd", "bob", "cop", "pen", "ars", "isk",
    ]

    static let apiKey = Setting.text(
        "COINPAPRIKA_API_KEY",
        secret: true,
        allowed: "the key as CoinPaprika shows it",
        help: "The key of a paid plan, if you have one (coinpaprika).",
        where: { $0.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } }
    )
    static let baseURL = Setting.text(
        "COINPAPRIKA_BASE_URL",
        secret: true,
        masked: MaskedURL.withoutUser,
        allowed: "a URL that begins with http:// or https:// and has no query",
        help:
            "Where the API is; without it https://api.coinpaprika.com/v1, or https://api-pro.coinpaprika.com/v1 with a key "
            + "(coinpaprika).",
        where: { url in
            (url.hasPrefix("https://") || url.hasPrefix("http://"))
                && !url.contains { $0.isWhitespace || $0 == "?" || $0 == "#" }
        }
    )
    static let callsPerMonth = Setting.integer(
        "COINPAPRIKA_CALLS_PER_MONTH",
        in: 1...1_000_000_000,
        help:
            "The most requests in 31 days of all processes with the key, spread evenly; without it 20000, or what /key/info says "
            + "of a paid one (coinpaprika)."
    )
    static let timeout = Setting.duration(
        "COINPAPRIKA_TIMEOUT",
        from: "1s",
        to: "50s",
        default: "30s",
        help: "How long a request may take; an answer is some megabytes, compressed to a fifth (coinpaprika)."
    )

    /// All of them.
    static let all: [any SettingDescription] = [apiKey, baseURL, callsPerMonth, timeout]

    /// The key.
    var apiKey: String?
    /// The API's URL without a slash at the end.
    var baseURL: String
    /// The most requests a month, if it was set.
    var callsPerMonth: Int?
    /// How long a request may take.
    var timeout: Duration

    /// Reads them.
    /// - Parameter settings: the Ingestor's; if CoinPaprika is its source, what they ask for has to be there.
    /// - Throws: ``SettingsError`` for the first that isn't allowed, and for a currency or a category that it doesn't have.
    init(_ reader: SettingsReader, for settings: IngestorSettings? = nil) throws(SettingsError) {
        apiKey = try reader.optional(Self.apiKey)
        let host = apiKey == nil ? "https://api.coinpaprika.com/v1" : "https://api-pro.coinpaprika.com/v1"
        var url = try reader.optional(Self.baseURL) ?? host
        while url.hasSuffix("/") { url.removeLast() }
        baseURL = url
        callsPerMonth = try reader.optional(Self.callsPerMonth)
        timeout = try reader.value(Self.timeout)
        guard let settings, settings.source == .coinpaprika else { return }
        if settings.category != nil {
            let reason =
                "is set, but INGESTOR_SOURCE is coinpaprika, allowed: INGESTOR_SOURCE=coingecko, or no category"
            throw SettingsError([SettingsProblem(name: IngestorSettings.category.name, reason: reason)])
        }
        let unknown = settings.vsCurrencies.filter { !Self.quotes.contains($0) }
        if !unknown.isEmpty {
            let reason =
                "has \(unknown.joined(separator: ", ")), which CoinPaprika doesn't quote in, allowed: "
                + Self.quotes.sorted().joined(separator: ", ")
            throw SettingsError([SettingsProblem(name: IngestorSettings.vsCurrencies.name, reason: reason)])
        }
    }
}
