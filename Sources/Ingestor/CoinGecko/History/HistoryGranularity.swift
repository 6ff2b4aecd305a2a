import Shared

/// How fine history is wanted, and so how much of it one call brings: CoinGecko's answer is the coarser the longer its range.
enum HistoryGranularity: String, Sendable, CaseIterable {
    /// Five minutes apart, a day a call; what is older than CoinGecko keeps so fine comes hourly.
    case fiveMinutes = "5m"
    /// An hour apart, 90 days a call.
    case hourly
    /// A day apart (00:00 UTC), 10 years a call; less than 91 days in all come hourly.
    case daily

    /// The longest range of one call.
    var window: Duration {
        let days =
            switch self {
            case .fiveMinutes: 1
            case .hourly: 90
            case .daily: 3_650
            }
        return .seconds(days * 86_400)
    }

    /// How far two points are apart, about.
    var step: Duration {
        switch self {
        case .fiveMinutes: .seconds(300)
        case .hourly: .seconds(3_600)
        case .daily: .seconds(86_400)
        }
    }
}
