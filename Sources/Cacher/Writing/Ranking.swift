/// A sorted set of a currency's coins.
enum Ranking: Sendable, CaseIterable {
    case rank, marketCap, volume, hour, day

    /// How its key begins.
    var start: String {
        switch self {
        case .rank: "coins"
        case .marketCap: "marketcap"
        case .volume: "volume"
        case .hour, .day: "movers"
        }
    }

    /// What stands behind the currency.
    var end: String {
        switch self {
        case .hour: ":1h"
        case .day: ":24h"
        default: ""
        }
    }
}
