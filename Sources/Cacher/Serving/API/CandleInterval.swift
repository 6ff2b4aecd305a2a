import Shared

/// How long a candle of `/v1/candles` is.
enum CandleInterval: String, CaseIterable {
    case minute = "1m"
    case fiveMinutes = "5m"
    case quarter = "15m"
    case hour = "1h"

    /// Its length in minutes.
    var minutes: Int {
        switch self {
        case .minute: 1
        case .fiveMinutes: 5
        case .quarter: 15
        case .hour: 60
        }
    }

    /// Its length in milliseconds.
    var milliseconds: Int64 { Int64(minutes) * 60_000 }

    /// The start of the candle that an instant lies in, in milliseconds since 1970, UTC.
    func start(of milliseconds: Int64) -> Int64 {
        let rest = milliseconds % self.milliseconds
        return milliseconds - (rest < 0 ? rest + self.milliseconds : rest)
    }
}
