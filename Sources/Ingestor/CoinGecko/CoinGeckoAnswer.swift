import Shared

/// What an HTTP answer of CoinGecko's means. Everything is classified here and nowhere else.
///
/// Errors come in three shapes of JSON (`{"status":{"error_code":…,"error_message":…}}`, `{"error":"…"}`, and either of
/// them inside `error`), some under status 200, and as HTML from the network in front of CoinGecko.
enum CoinGeckoAnswer: Sendable {
    /// Prices.
    case page(MarketsPage)
    /// The page is the one that the request's `If-None-Match` named.
    case notModified
    /// Something else.
    case failure(CoinGeckoFailure)

    /// Reads an answer to a request for `/coins/markets`.
    /// - Parameters:
    ///   - response: the answer.
    ///   - wall: the time now.
    ///   - retryAfterCap: the longest `Retry-After` to agree to.
    ///   - secrets: what must not be said, even if the server says it.
    init(_ response: HTTPResponse, wall: EventTime, retryAfterCap: Duration, secrets: Secrets) {
        if response.status == 304 {
            self = .notModified
            return
        }
        let body = response.body.span
        if response.status == 200, Self.firstByte(of: body) == UInt8(ascii: "[") {
            do {
                self = .page(try MarketsPage(json: body))
            } catch {
                let failure = CoinGeckoFailure(kind: .unavailable, status: 200, message: "not a page: \(error)")
                self = .failure(failure)
            }
            return
        }
        self = .failure(
            Self.failure(response, wall: wall, retryAfterCap: retryAfterCap, secrets: secrets)
        )
    }

    /// What an answer is that isn't the one that was asked for, whatever was asked.
    static func failure(
        _ response: HTTPResponse,
        wall: EventTime,
        retryAfterCap: Duration,
        secrets: Secrets
    ) -> CoinGeckoFailure {
        let body = response.body.span
        let details = firstByte(of: body) == UInt8(ascii: "{") ? ErrorDetails(json: body) : nil
        var message = Excerpt.text(secrets.masked(details.flatMap(\.message).map { Array($0.utf8) } ?? response.body))
        if (300..<400).contains(response.status), let place = response[header: "location"] {
            let shown = place.contains("://") ? MaskedURL.withoutUser(place) : place
            message = "redirected to \(Excerpt.text(secrets.masked(Array(shown.utf8))))"
        }
        return CoinGeckoFailure(
            kind: kind(status: response.status, code: details?.code, isJSON: details != nil),
            status: response.status,
            code: details?.code,
            message: message.isEmpty ? "no body" : message,
            retryAfter: RetryAfter.wait(in: response, wall: wall, cap: retryAfterCap)
        )
    }

    /// What kind of failure a status and a code are; the code says more than the status.
    static func kind(status: Int, code: Int?, isJSON: Bool) -> CoinGeckoFailure.Kind {
        switch code {
        case 429: return .rateLimited
        case 1_020: return .blocked
        case 10_012: return .historyLimited
        case 10_002, 10_005, 10_010, 10_011: return .keyRejected
        default: break
        }
        switch status {
        case 429: return .rateLimited
        case 401: return .keyRejected
        case 403: return isJSON ? .keyRejected : .blocked
        case 408, 409, 425, 500...: return .unavailable
        case 300..<500: return .refused
        default: return .unavailable
        }
    }

    private static func firstByte(of body: Span<UInt8>) -> UInt8? {
        for index in body.indices where body[index] > 0x20 {
            return body[index]
        }
        return nil
    }
}

/// The code and the words of an error in JSON, wherever they stand in it.
private struct ErrorDetails {
    var code: Int?
    var message: String?

    /// Reads an object; `nil` when it is not JSON.
    init?(json: Span<UInt8>) {
        var scanner = JSONScanner(json)
        do {
            try read(&scanner, in: json)
            try scanner.end()
        } catch {
            return nil
        }
    }

    private mutating func read(_ scanner: inout JSONScanner, in json: Span<UInt8>) throws(JSONError) {
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            let kind = try scanner.peekKind()
            switch (key.string(in: json), kind) {
            case ("status", .object), ("error", .object):
                try read(&scanner, in: json)
            case ("error_code", .number):
                let start = scanner.position
                if let value = try? scanner.integer() {
                    code = code ?? value
                } else if scanner.position == start {
                    throw JSONError(.malformedNumber, at: start)
                }
            case ("error_message", .string), ("error", .string), ("message", .string):
                let text = try scanner.string()
                message = message ?? text
            default:
                try scanner.skipValue()
            }
        }
    }
}
