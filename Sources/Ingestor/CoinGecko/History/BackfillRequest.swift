import Shared

/// What somebody wants of history.
struct BackfillRequest: Sendable, Hashable {
    /// Which coins.
    var coins: CoinList
    /// The largest of this category, instead of all.
    var category: String?
    /// In which currencies.
    var vsCurrencies: [String]
    /// The first event time.
    var from: EventTime
    /// The first one that isn't wanted; `nil` for now.
    var to: EventTime?
    /// How fine.
    var granularity: HistoryGranularity
    /// Put before the topic's name instead of `KAFKA_TOPIC_PREFIX`.
    var outputPrefix: String
    /// The most calls; without it at most half of what the month leaves.
    var mostCalls: Int?

    /// Whether it fills a gap of the polls.
    var isGap = false
    /// Its name, where it is known: a gap that was begun goes on under the name it has.
    var knownName: String?

    /// Its name in `ingestor.state`: the same for the same wish, so that it goes on where it was.
    var name: String {
        if let knownName { return knownName }
        let coins =
            switch coins {
            case .largest(let count): "\(count)"
            case .ids(let ids): ids.joined(separator: ",")
            }
        let parts =
            [
                coins, vsCurrencies.joined(separator: ","), "\(from)", to.map { "\($0)" } ?? "now",
                granularity.rawValue,
                outputPrefix,
            ] + (category.map { [$0] } ?? [])
        return SHA256.name(SHA256.digest(parts.joined(separator: "\n").utf8))
    }
}
