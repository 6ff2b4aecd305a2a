import Shared

/// An aggregator of prices that is polled over HTTP: where it is, what it allows, what it is asked and what its answers mean.
///
/// A value without sockets or a clock. How it is polled, what waits when and what is sent is the same for all of them
/// (``PollingSource``).
protocol PriceVendor: Sendable {
    /// Its name in sentences: `CoinGecko`.
    var name: String { get }
    /// Its name in ticks and in the log: `coingecko`.
    var source: String { get }
    /// The plan's name in the log.
    var plan: String { get }
    /// The API's URL without a slash at the end.
    var baseURL: String { get }
    /// What must not be said, whoever repeats it.
    var secrets: Secrets { get }
    /// The request header that carries the key.
    var key: (header: String, value: String)? { get }
    /// The name in `ingestor.state` of the calls spent: the same for all processes that share them.
    var ledger: String { get }
    /// Put before the currency in the name in `ingestor.state` of the last tick sent: two vendors don't share it.
    var stateNamespace: String { get }
    /// How long a request may take.
    var timeout: Duration { get }
    /// The largest body, in bytes after decompression.
    var bodyLimit: Int { get }
    /// How far a coin's time may be ahead of the answer's `Date`, and that of this machine's clock.
    var clockTolerance: Duration { get }
    /// The longest `Retry-After` that is kept to.
    var retryAfterCap: Duration { get }
    /// How often the prices change at all; polling faster brings the same page again.
    var refreshInterval: Duration { get }

    /// What the key allows.
    /// - Parameters:
    ///   - usage: what the vendor says of the key.
    ///   - round: how many calls one round of polling needs.
    func limits(usage: KeyUsage?, round: Int) -> CallLimits
    /// Where the vendor says what a key allows and has left; `nil` when it doesn't.
    var usageURL: String? { get }
    /// Reads an answer of ``usageURL``.
    /// - Throws: ``JSONError``.
    func usage(_ json: Span<UInt8>) throws(JSONError) -> KeyUsage

    /// The requests of one round of polling.
    var requests: [PollRequest] { get }
    /// Reads the page that answers a request.
    /// - Throws: ``JSONError`` when it is no page.
    func page(_ json: Span<UInt8>, of request: PollRequest) throws(JSONError) -> PolledPage
    /// Where the names of all coins are; `nil` when a page has them all.
    var coinListURL: String? { get }

    /// What kind of failure an answer is: the code in its body says more than the status, where the vendor has codes.
    /// - Parameter isJSON: whether the body is an object.
    func kind(status: Int, code: Int?, isJSON: Bool) -> PriceFailure.Kind
    /// What a person can do about a failure; empty for nothing.
    func advice(_ kind: PriceFailure.Kind, code: Int?) -> String
}

extension PriceVendor {
    /// The time between two rounds of polling: as often as prices change, but no more often than the budget allows.
    func pollInterval(limits: CallLimits) -> Duration {
        max(refreshInterval, limits.roundInterval)
    }

    /// What an answer is that isn't the one that was asked for, whatever was asked.
    /// - Parameter wall: the time now.
    func failure(_ response: HTTPResponse, at wall: EventTime) -> PriceFailure {
        let details = ErrorDetails(response.body)
        var message = Excerpt.text(secrets.masked(details?.message.map { Array($0.utf8) } ?? response.body))
        if (300..<400).contains(response.status), let place = response[header: "location"] {
            let shown = place.contains("://") ? MaskedURL.withoutUser(place) : place
            message = "redirected to \(Excerpt.text(secrets.masked(Array(shown.utf8))))"
        }
        let kind = kind(status: response.status, code: details?.code, isJSON: details != nil)
        return PriceFailure(
            vendor: name,
            kind: kind,
            status: response.status,
            code: details?.code,
            message: message.isEmpty ? "no body" : message,
            advice: advice(kind, code: details?.code),
            retryAfter: RetryAfter.wait(in: response, wall: wall, cap: retryAfterCap)
        )
    }
}
