import Shared

/// CoinGecko as a vendor of prices.
struct CoinGecko: PriceVendor {
    /// Host, key and limits.
    let settings: CoinGeckoSettings
    /// What is polled; nothing for history alone.
    let requests: [PollRequest]
    let secrets: Secrets

    /// CoinGecko for these coins.
    /// - Parameters:
    ///   - settings: plan, key and limits.
    ///   - coins: which coins; `nil` for history alone.
    ///   - vsCurrencies: in which currencies.
    ///   - category: the largest of this category, instead of all.
    init(settings: CoinGeckoSettings, coins: CoinList? = nil, vsCurrencies: [String] = [], category: String? = nil) {
        self.settings = settings
        requests =
            coins.map {
                MarketsRequest.round(
                    coins: $0,
                    vsCurrencies: vsCurrencies,
                    category: category,
                    baseURL: settings.baseURL
                )
            } ?? []
        secrets = Secrets(key: settings.apiKey, url: settings.baseURL)
    }

    var name: String { "CoinGecko" }
    var source: String { PriceTick.coinGeckoSource.description }
    var plan: String { settings.plan.rawValue }
    var baseURL: String { settings.baseURL }
    var ledger: String { KeyFingerprint.of(settings.apiKey) }
    var stateNamespace: String { "" }
    var timeout: Duration { settings.timeout }
    var bodyLimit: Int { 16 << 20 }
    var clockTolerance: Duration { settings.clockTolerance }
    var retryAfterCap: Duration { settings.retryAfterCap }
    var refreshInterval: Duration { settings.plan.refreshInterval }

    var key: (header: String, value: String)? {
        guard let header = settings.plan.keyHeader, let key = settings.apiKey else { return nil }
        return (header, key)
    }

    func limits(usage: KeyUsage?, round: Int) -> CallLimits {
        settings.limits(usage: usage, round: round)
    }

    var usageURL: String? { settings.plan.tellsUsage ? baseURL + "/key" : nil }

    func usage(_ json: Span<UInt8>) throws(JSONError) -> KeyUsage {
        try KeyUsage(json: json)
    }

    var coinListURL: String? { baseURL + "/coins/list" }

    func page(_ json: Span<UInt8>, of request: PollRequest) throws(JSONError) -> PolledPage {
        let page = try MarketsPage(json: json, vsCurrency: request.vsCurrencies.first ?? "")
        // It leaves ids out that it doesn't know, without a word.
        let unknown = request.ids.isEmpty ? [] : Set(request.ids).subtracting(page.rows.map(\.id)).sorted()
        return PolledPage(
            rows: Array(page.rows.prefix(request.rows)),
            malformed: page.malformed,
            listed: page.count,
            unknown: unknown
        )
    }

    func kind(status: Int, code: Int?, isJSON: Bool) -> PriceFailure.Kind {
        switch code {
        case 429: .rateLimited
        case 1_020: .blocked
        case 10_012: .historyLimited
        case 10_002, 10_005, 10_010, 10_011: .keyRejected
        default: PriceFailure.Kind(status: status, isJSON: isJSON)
        }
    }

    func advice(_ kind: PriceFailure.Kind, code: Int?) -> String {
        switch kind {
        case .rateLimited, .unavailable: ""
        case .blocked: "a key (COINGECKO_API_KEY) or another address helps"
        case .historyLimited: "demo keys have 365 days"
        case .refused: "check INGESTOR_COINS, INGESTOR_VS_CURRENCIES, INGESTOR_CATEGORY and COINGECKO_BASE_URL"
        case .keyRejected:
            // By CoinGecko's documented codes.
            switch code {
            case 10_010: "it is a pro key on the public host: set COINGECKO_PLAN=pro"
            case 10_011: "it is a demo key on the pro host: set COINGECKO_PLAN=demo"
            case 10_002: "it is missing or wrong: set COINGECKO_API_KEY"
            case 10_005: "the plan does not include this request: ask for less, or set COINGECKO_PLAN to the key's plan"
            default: "check COINGECKO_API_KEY and COINGECKO_PLAN"
            }
        }
    }
}
