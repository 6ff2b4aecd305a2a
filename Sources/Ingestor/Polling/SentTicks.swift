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

    private var sent: [CoinKey: Sent] = [:]

    /// Makes an empty memory.
    init() {}

    /// How many coins it remembers.
    var count: Int { sent.count }

    /// Takes over a tick that is in Kafka already.
    /// - Parameters:
    ///   - tick: what `ingestor.state` keeps of it.
    ///   - key: its coin.
    ///   - latest: the latest event time that is believed. A tick behind it has a wrong clock's time and says nothing.
    mutating func restore(_ tick: SentTick, of key: CoinKey, latest: EventTime) {
        if tick.timestamp > latest { return }
        if let known = sent[key], known.timestamp >= tick.timestamp { return }
        sent[key] = Sent(lastUpdated: tick.lastUpdated, timestamp: tick.timestamp, price: tick.price)
    }

    /// Decides about a row, and remembers it if it is to be sent.
    /// - Parameters:
    ///   - row: the row.
    ///   - vsCurrency: the currency that was asked for.
    ///   - answer: when the answer was made.
    mutating func decide(_ row: PolledRow, vsCurrency: String, at answer: AnswerTime) -> Verdict {
        if row.isMalformed { return .skip(.malformed) }
        guard let price = row.currentPrice else { return .skip(.noPrice) }
        if price < .zero { return .skip(.negativePrice) }
        if price == .zero, row.isRounded { return .skip(.tooSmall) }

        let key = CoinKey(coinID: row.id, vsCurrency: vsCurrency)
        // A position in the future is a wrong clock's, and would silence the coin until that time comes.
        let known = sent[key].flatMap { $0.timestamp > answer.latest ? nil : $0 }
        // A price from the future would never be believed by the Aggregator.
        let isAhead = row.lastUpdated.map { $0 > answer.latest } ?? false
        let timestamp = isAhead ? answer.time : row.lastUpdated ?? answer.time
        if let known {
            if let lastUpdated = row.lastUpdated, lastUpdated == known.lastUpdated { return .unchanged }
            // Where no `last_updated` can be compared, only the price can say that something is new.
            if row.lastUpdated == nil || isAhead && known.lastUpdated == nil, price == known.price {
                sent[key] = Sent(lastUpdated: row.lastUpdated, timestamp: known.timestamp, price: price)
                return .unchanged
            }
            if timestamp <= known.timestamp { return .unchanged }
        }
        sent[key] = Sent(lastUpdated: row.lastUpdated, timestamp: timestamp, price: price)
        return .send(timestamp, isAhead: isAhead)
    }
}
