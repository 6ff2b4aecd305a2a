/// What the name of a dump says of what is in it.
struct DumpName: Sendable, Hashable {
    /// The exchange in lower case; only CryptoDataDownload's names have it.
    var exchange: String?
    /// The pair, as the exchange calls it or without a separator: `BTCUSDT`, `XBTUSD`; it may be none.
    var pair: String
    /// How long a candle is.
    var interval: Duration?

    /// Reads the last part of a path: `BTCUSDT-trades-2025-01-01.csv.gz`, `XBTUSD_60.csv`, `Bitstamp_BTCUSD_2023_minute.csv`.
    init(path: String, format: ReplayFormat) {
        let file = path.split(separator: "/").last ?? ""
        let base = file.prefix { $0 != "." }
        switch format {
        case .cryptoDataDownload:
            let parts = base.split(separator: "_")
            exchange = parts.first.map { $0.lowercased() }
            pair = parts.count > 1 ? String(parts[1]) : ""
            interval = parts.last.flatMap { Self.interval(String($0).lowercased()) }
        case .krakenOHLCVT:
            let parts = base.split(separator: "_")
            pair = parts.first.map { String($0) } ?? ""
            interval = parts.count == 2 ? Int(parts[1]).flatMap(Self.minutes) : nil
        default:
            pair = base.split(separator: "-").first.map { String($0) } ?? ""
        }
    }

    private static func minutes(_ count: Int) -> Duration? {
        (1...43_200).contains(count) ? .seconds(count * 60) : nil
    }

    /// `minute`, `1min`, `1h`, `d`, `daily` and the like.
    private static func interval(_ text: String) -> Duration? {
        let digits = text.prefix { $0.isNumber }
        guard let count = digits.isEmpty ? 1 : Int(digits), (1...1_000).contains(count) else { return nil }
        switch text.dropFirst(digits.count) {
        case "m", "min", "minute": return minutes(count)
        case "h", "hr", "hour", "hourly": return minutes(count * 60)
        case "d", "day", "daily": return minutes(count * 1_440)
        default: return nil
        }
    }
}
