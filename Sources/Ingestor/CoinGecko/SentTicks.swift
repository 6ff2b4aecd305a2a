import Shared

/// What was sent last of each coin, and so whether a polled row says anything new. A value without a clock.
///
/// A row is sent once: a coin that nobody trades keeps its `last_updated` for months and must not become a tick at each
/// poll. A row that is older than what was sent comes from a cache that lags behind, and is not sent either.
struct SentTicks: Sendable {
    /// What to do with a row.
    enum Verdict: Sendable, Hashable {
        /// Send it, with this event time.
        case send(EventTime, isAhead: Bool)
        /// It was sent before, or something newer was.
        case unchanged
        /// It makes no tick.
        case skip(SkipReason)
    }

    /// Why a row or line makes no tick.
    enum SkipReason: String, Sendable, CaseIterable {
        /// The price is null or missing.
        case noPrice = "no_price"
        /// The price is below zero.
        case negativePrice = "negative_price"
        /// The price is not zero, but less than half of 10⁻¹⁸.
        case tooSmall = "too_small"
        /// A field has a type it must not have.
        case malformed
    }

    private struct Sent {
        /// The row's own `last_updated`, if it had one.
        var lastUpdated: EventTime?
        /// The event time that was sent.
        var timestamp: EventTime
        /// The price that was sent.
        var price: Price
    }

    /// How far `last_updated` may be ahead of the answer's `Date`.
    let tolerance: Duration
    private var sent: [CoinKey: Sent] = [:]

    /// Makes an empty memory.
    init(tolerance: Duration) {
        self.tolerance = tolerance
    }

    /// How many coins it remembers.
    var count: Int { sent.count }

    /// Takes over a tick that is in Kafka already.
    mutating func restore(coinID: String, vsCurrency: String, timestamp: EventTime, price: Price) {
        let key = CoinKey(coinID: coinID, vsCurrency: vsCurrency)
        if let known = sent[key], known.timestamp >= timestamp { return }
        sent[key] = Sent(lastUpdated: timestamp, timestamp: timestamp, price: price)
    }

    /// Decides about a row, and remembers it if it is to be sent.
    /// - Parameters:
    ///   - row: the row.
    ///   - vsCurrency: the currency that was asked for.
    ///   - date: the answer's `Date`, or the time it arrived.
    mutating func decide(_ row: MarketsRow, vsCurrency: String, date: EventTime) -> Verdict {
        if row.isMalformed { return .skip(.malformed) }
        guard let price = row.currentPrice else { return .skip(.noPrice) }
        if price < .zero { return .skip(.negativePrice) }
        if price == .zero, row.isRounded { return .skip(.tooSmall) }

        let key = CoinKey(coinID: row.id, vsCurrency: vsCurrency)
        let known = sent[key]
        // Without a `last_updated` only the price can say that something is new.
        if let known, row.lastUpdated.map({ $0 == known.lastUpdated }) ?? (price == known.price) { return .unchanged }
        // A price from the future would never be believed by the Aggregator.
        let limit = date.microseconds + tolerance.wholeMicroseconds
        let isAhead = row.lastUpdated.map { $0.microseconds > limit } ?? false
        let timestamp = isAhead ? date : row.lastUpdated ?? date
        if let known, timestamp <= known.timestamp { return .unchanged }
        sent[key] = Sent(lastUpdated: row.lastUpdated, timestamp: timestamp, price: price)
        return .send(timestamp, isAhead: isAhead)
    }
}
