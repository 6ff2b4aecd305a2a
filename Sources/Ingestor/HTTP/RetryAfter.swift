import Shared

/// How long a server asks to be left alone.
///
/// It is said in `retry-after-ms` (milliseconds) or `Retry-After` (seconds, or an HTTP date); all three are in use, see
/// the official TypeScript SDK of CoinGecko.
enum RetryAfter {
    /// Reads the wait out of an answer's headers.
    /// - Parameters:
    ///   - response: the answer.
    ///   - wall: the time now, to which a date is compared when the answer has no `Date` of its own.
    ///   - cap: the longest wait to agree to, because absurd values occur.
    /// - Returns: from zero to `cap`; `nil` when the answer does not say.
    static func wait(in response: HTTPResponse, wall: EventTime, cap: Duration) -> Duration? {
        if let text = response[header: "retry-after-ms"], let milliseconds = count(text) {
            return limited(milliseconds / 1_000, cap)
        }
        guard let text = response[header: "retry-after"] else {
            return nil
        }
        if let seconds = count(text) {
            return limited(seconds, cap)
        }
        guard let until = HTTPClient.date(text) else {
            return nil
        }
        let now = response[header: "date"].flatMap(HTTPClient.date) ?? wall
        return limited(Double(until.microseconds - now.microseconds) / 1e6, cap)
    }

    /// A plain number; `nan` and `inf` are none.
    private static func count(_ text: String) -> Double? {
        Double(text).flatMap { $0.isFinite ? $0 : nil }
    }

    private static func limited(_ seconds: Double, _ cap: Duration) -> Duration {
        let most = cap / .seconds(1)
        return .seconds(max(0, min(seconds, most)))
    }
}
