import Shared

/// An answer of an aggregator's that carries no prices.
struct PriceFailure: ClassifiedError, Hashable {
    /// What kind of failure it is, and so what to do.
    enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Too many requests, or the day's or month's are used up: the words are the same.
        case rateLimited = "rate_limited"
        /// The server has a problem of its own, or the page makes no sense.
        case unavailable
        /// The network in front of the vendor refuses this address.
        case blocked
        /// The key is wrong, missing, used at the wrong host, or its plan does not include this.
        case keyRejected = "key_rejected"
        /// The plan's history doesn't reach back so far.
        case historyLimited = "history_limited"
        /// The request makes no sense: an unknown currency, for example.
        case refused

        /// What a status says where the body has no code that says more.
        /// - Parameter isJSON: whether the body is an object: the vendor itself speaks so, the network before it doesn't.
        init(status: Int, isJSON: Bool) {
            switch status {
            case 429: self = .rateLimited
            case 401: self = .keyRejected
            case 403: self = isJSON ? .keyRejected : .blocked
            case 408, 409, 425, 500...: self = .unavailable
            case 300..<500: self = .refused
            default: self = .unavailable
            }
        }
    }

    /// Whose answer it is, as a sentence names it.
    var vendor: String
    /// What kind of failure it is.
    var kind: Kind
    /// The HTTP status; it can be 200.
    var status: Int
    /// The vendor's own code, if the body has one.
    var code: Int?
    /// The vendor's own words, or the start of the body.
    var message: String
    /// What a person can do about it; empty for nothing.
    var advice = ""
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
        let said = "(HTTP \(status)\(code.map { ", code \($0)" } ?? ""): \(message))"
        let what =
            switch kind {
            case .rateLimited: "\(vendor) limits the rate \(said)"
            case .unavailable: "\(vendor) has no usable answer \(said)"
            case .blocked: "\(vendor)'s network refuses this address \(said)"
            case .historyLimited: "the plan's history does not reach back so far \(said)"
            case .keyRejected: "\(vendor) does not accept the key \(said)"
            case .refused: "\(vendor) refuses the request \(said)"
            }
        return advice.isEmpty ? what : "\(what); \(advice)"
    }
}
