import Shared

/// CoinPaprika as a vendor of prices: all active coins in one answer, in three currencies at most.
///
/// Its limits, intervals and errors are those of its documentation (openapi.yml 1.7.10, api-plans and faq of
/// `coinpaprika/coinpaprika-docs`).
struct CoinPaprika: PriceVendor {
    /// The most currencies of a request.
    static let quotesPerRequest = 3
    /// The most coins that the free plan has.
    static let freeCoins = 2_000

    /// Host, key and limits.
    let settings: CoinPaprikaSettings
    let requests: [PollRequest]
    let secrets: Secrets
    private let ids: CoinPaprikaIDs

    /// CoinPaprika for these coins.
    /// - Parameters:
    ///   - settings: key and limits.
    ///   - coins: which coins, by CoinGecko's ids or its own.
    ///   - vsCurrencies: in which currencies.
    ///   - ids: what its coins are called.
    init(
        settings: CoinPaprikaSettings,
        coins: CoinList,
        vsCurrencies: [String],
        ids: CoinPaprikaIDs = CoinPaprikaIDs()
    ) {
        self.settings = settings
        self.ids = ids
        secrets = Secrets(key: settings.apiKey, url: settings.baseURL)
        requests = stride(from: 0, to: vsCurrencies.count, by: Self.quotesPerRequest).map { first in
            let currencies = Array(vsCurrencies[first..<min(first + Self.quotesPerRequest, vsCurrencies.count)])
            let url = "\(settings.baseURL)/tickers?quotes=\(currencies.joined(separator: ",").uppercased())"
            return switch coins {
            // `limit` is not in the documentation, but in its vendor's own clients; more than that is cut off here.
            case .largest(let count):
                PollRequest(url: "\(url)&limit=\(count)", vsCurrencies: currencies, page: 1, rows: count)
            case .ids(let ids):
                PollRequest(url: url, vsCurrencies: currencies, ids: ids, page: 1, rows: ids.count)
            }
        }
    }

    var name: String { "CoinPaprika" }
    var source: String { PriceTick.coinPaprikaSource.description }
    var plan: String { settings.apiKey == nil ? "free" : "paid" }
    var baseURL: String { settings.baseURL }
    var ledger: String { "coinpaprika-\(KeyFingerprint.of(settings.apiKey))" }
    var stateNamespace: String { "coinpaprika:" }
    var timeout: Duration { settings.timeout }
    /// 10 000 coins in three currencies have some 20 MB.
    var bodyLimit: Int { 32 << 20 }
    var clockTolerance: Duration { .seconds(30) }
    var retryAfterCap: Duration { .seconds(600) }
    /// "On average 5 minutes for Free", three with a key.
    var refreshInterval: Duration { .seconds(settings.apiKey == nil ? 300 : 180) }

    /// The bare key: with `Bearer` before it, its network answers 403.
    var key: (header: String, value: String)? {
        settings.apiKey.map { ("Authorization", $0) }
    }

    /// Ten requests a second are allowed to an address, so a minute is no limit; 60 is ours. A month is 20 000, and 200 000 the
    /// least that is said of a paid plan.
    func limits(usage: KeyUsage?, round: Int) -> CallLimits {
        let usual = settings.apiKey == nil ? 20_000 : 200_000
        return CallLimits(perMinute: 60, perMonth: settings.callsPerMonth ?? usage?.perMonth ?? usual, round: round)
    }

    var usageURL: String? { settings.apiKey == nil ? nil : baseURL + "/key/info" }

    func usage(_ json: Span<UInt8>) throws(JSONError) -> KeyUsage {
        try KeyUsage(coinPaprika: json)
    }

    /// A page has all coins.
    var coinListURL: String? { nil }

    func page(_ json: Span<UInt8>, of request: PollRequest) throws(JSONError) -> PolledPage {
        try TickersPage(json: json, vsCurrencies: request.vsCurrencies, ids: ids).choosing(request)
    }

    func kind(status: Int, code: Int?, isJSON: Bool) -> PriceFailure.Kind {
        // "When the limits are reached, the API returns HTTP codes 429 or 402."
        status == 402 ? .rateLimited : PriceFailure.Kind(status: status, isJSON: isJSON)
    }

    func advice(_ kind: PriceFailure.Kind, code: Int?) -> String {
        switch kind {
        case .rateLimited, .unavailable, .historyLimited: ""
        case .blocked: "another address helps"
        case .keyRejected: "check COINPAPRIKA_API_KEY; without a key nothing is needed"
        case .refused: "check INGESTOR_VS_CURRENCIES and COINPAPRIKA_BASE_URL"
        }
    }
}
