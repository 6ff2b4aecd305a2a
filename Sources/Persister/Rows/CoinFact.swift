import Shared

/// What a tick says about its coin, as two 64-bit hashes: enough to see whether the database has been told.
///
/// Among 10 000 pairs, two share a hash with a chance of 1 in 3 × 10¹¹.
struct CoinFact: Sendable, Hashable {
    /// Of coin and currency.
    let pair: UInt64
    /// Of symbol and name; nil of a tick without either, which says nothing about them.
    let description: UInt64?
    /// Event time of the tick.
    let time: EventTime

    /// The fact of a tick.
    init(_ tick: ScannedTick, in record: Span<UInt8>) {
        pair = Self.combine(tick.coinID.hash(in: record), tick.vsCurrency.hash(in: record))
        let isDescribed = tick.symbol.count > 0 || tick.name.count > 0
        description =
            isDescribed ? Self.combine(tick.symbol.hash(in: record), tick.name.hash(in: record)) : nil
        time = tick.timestamp
    }

    /// A fact of these parts.
    init(pair: UInt64, description: UInt64?, time: EventTime) {
        self.pair = pair
        self.description = description
        self.time = time
    }

    /// The fact with the description of another one, where it says nothing itself.
    func described(by other: CoinFact?) -> CoinFact {
        CoinFact(pair: pair, description: description ?? other?.description, time: time)
    }

    private static func combine(_ left: UInt64, _ right: UInt64) -> UInt64 {
        (left << 23 | left >> 41) ^ right
    }
}
