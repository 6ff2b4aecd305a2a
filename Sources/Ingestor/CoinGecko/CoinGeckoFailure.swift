import Shared

/// An answer of CoinGecko's that carries no prices.
struct CoinGeckoFailure: ClassifiedError, Hashable {
    /// What kind of failure it is, and so what to do.
    enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Too many requests, or the day's or month's are used up: the words are the same.
        case rateLimited = "rate_limited"
        /// The server has a problem of its own, or the page makes no sense.
        case unavailable
        /// The network in front of CoinGecko refuses this address.
        case blocked
        /// The key is wrong, missing, used at the wrong host, or its plan does not include this.
        case keyRejected = "key_rejected"
        /// The plan's history doesn't reach back so far.
        case historyLimited = "history_limited"
        /// The request makes no sense: an unknown currency, for example.
        case refused
    }

    /// What kind of failure it is.
    var kind: Kind
    /// The HTTP status; it can be 200.
    var status: Int
    /// CoinGecko's own code, if the body has one.
    var code: Int?
    /// CoinGecko's own words, or the start of the body.
    var message: String
    /// How long the server asks to be left alone.
    var retryAfter: Duration?

    /// A key that is not accepted and a request that makes no sense stay so until a setting changes.
    var disposition: Disposition {
        switch kind {
        case .rateLimited, .unavailable, .blocked: .retry
        case .keyRejected, .refused, .historyLimited: .fatal
        }
    }

    /// What it means for the next requests: a limit, a block and a key are the same for all of them.
    var poll: PollFailure {
        let concernsAll =
            switch kind {
            case .rateLimited, .blocked, .keyRejected: true
            case .unavailable, .refused, .historyLimited: false
            }
        return PollFailure(concernsAll: concernsAll, isLasting: disposition == .fatal, retryAfter: retryAfter)
    }

    /// One line that says what happened and, where a person can do something, what.
    var description: String {
        let said = "HTTP \(status)\(code.map { ", code \($0)" } ?? ""): \(message)"
        return switch kind {
        case .rateLimited: "CoinGecko limits the rate (\(said))"
        case .unavailable: "CoinGecko has no usable answer (\(said))"
        case .blocked:
            "CoinGecko's network refuses this address (\(said)); a key (COINGECKO_API_KEY) or another address helps"
        case .historyLimited: "the plan's history does not reach back so far (\(said)); demo keys have 365 days"
        case .keyRejected: "CoinGecko does not accept the key (\(said)); \(advice)"
        case .refused:
            "CoinGecko refuses the request (\(said)); check INGESTOR_COINS, INGESTOR_VS_CURRENCIES and COINGECKO_BASE_URL"
        }
    }

    /// What to do about a key, by CoinGecko's documented codes.
    private var advice: String {
        switch code {
        case 10_010: "it is a pro key on the public host: set COINGECKO_PLAN=pro"
        case 10_011: "it is a demo key on the pro host: set COINGECKO_PLAN=demo"
        case 10_002: "it is missing or wrong: set COINGECKO_API_KEY"
        case 10_005: "the plan does not include this request: ask for less, or set COINGECKO_PLAN to the key's plan"
        default: "check COINGECKO_API_KEY and COINGECKO_PLAN"
        }
    }
}
