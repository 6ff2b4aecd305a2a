/// How the ticks stand in a file.
enum ReplayFormat: String, Sendable, CaseIterable {
    /// What the first lines look like.
    case auto
    /// One JSON object a line.
    case ndjson
    /// RFC 4180 with a header line of ours.
    case csv
    /// Binance's trades: `BTCUSDT-trades-2025-01.csv`.
    case binanceTrades = "binance-trades"
    /// Binance's trades of one order at one price put together: `BTCUSDT-aggTrades-2025-01.csv`.
    case binanceAggTrades = "binance-aggtrades"
    /// Binance's candles: `BTCUSDT-1m-2025-01.csv`.
    case binanceKlines = "binance-klines"
    /// Kraken's trades: `XBTUSD.csv`.
    case krakenTrades = "kraken-trades"
    /// Kraken's candles: `XBTUSD_60.csv`.
    case krakenOHLCVT = "kraken-ohlcvt"
    /// Candles of CryptoDataDownload: `Bitstamp_BTCUSD_1h.csv`.
    case cryptoDataDownload = "cryptodatadownload"

    /// Whether its files are about one pair, which they don't name in each line as ticks need it.
    var isDump: Bool {
        switch self {
        case .auto, .ndjson, .csv: false
        default: true
        }
    }

    /// The exchange whose names of products its files have, when it is one of the table's.
    var exchange: ExchangeName? {
        switch self {
        case .binanceTrades, .binanceAggTrades, .binanceKlines: .binance
        case .krakenTrades, .krakenOHLCVT: .kraken
        case .auto, .ndjson, .csv, .cryptoDataDownload: nil
        }
    }

    /// Whether a line is a candle that doesn't say when it ends.
    var needsInterval: Bool { self == .krakenOHLCVT || self == .cryptoDataDownload }

    /// Recognises a dump by one of its lines, be it a header or not.
    /// - Returns: `nil` when it is none of the dumps.
    static func dump(line fields: [String]) -> ReplayFormat? {
        let names = fields.map(ReplayColumns.name)
        let has = { (wanted: [String]) in wanted.allSatisfy(names.contains) }
        if has(["price", "qty", "time", "is_buyer_maker"]) { return .binanceTrades }
        if has(["agg_trade_id", "price", "quantity", "transact_time", "is_buyer_maker"]) { return .binanceAggTrades }
        if has(["open_time", "close", "close_time"]) { return .binanceKlines }
        if has(["open", "high", "low", "close"]), has(["unix"]) || has(["unixtimestamp"]) || has(["date", "symbol"]) {
            return .cryptoDataDownload
        }
        // Without a header: numbers, and of Binance's trades True or False at the end.
        let kinds = fields.map { field -> Character in
            switch field.lowercased() {
            case "true", "false": "b"
            default: Self.isNumber(field) ? "n" : "?"
            }
        }
        switch String(kinds) {
        case "nnnnnb", "nnnnnbb": return .binanceTrades
        case "nnnnnnb", "nnnnnnbb": return .binanceAggTrades
        case "nnnnnnnnnnnn": return .binanceKlines
        case "nnn": return .krakenTrades
        case "nnnnnnn": return .krakenOHLCVT
        default: return nil
        }
    }

    private static func isNumber(_ field: String) -> Bool {
        guard let first = field.utf8.first else { return false }
        let isDigit = { (byte: UInt8) in (0x30...0x39).contains(byte) }
        return (isDigit(first) || first == UInt8(ascii: "-"))
            && field.utf8.allSatisfy { isDigit($0) || ".eE+-".utf8.contains($0) }
    }
}
