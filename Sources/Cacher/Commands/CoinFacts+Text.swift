import Shared

extension CoinFacts {
    /// For a terminal: some lines a currency, the candles, the latest alert.
    func text(now: EventTime) -> String {
        let fields = quotes.first?.fields ?? []
        var title = coinID
        if let name = fields["name"] { title += "  \(name)" }
        if let symbol = fields["symbol"] { title += " (\(symbol))" }
        if let rank = fields["market_cap_rank"] { title += ", rank \(rank)" }
        var lines = [title]
        for quote in quotes { lines += ["", "  " + Self.line(quote, now)] + Self.details(quote).map { "      \($0)" } }
        for candles in candles {
            lines += ["", "  " + Self.line(candles)] + Self.details(candles).map { "      \($0)" }
        }
        lines.append("")
        if let alert {
            lines.append(
                "  latest alert  \(alert.triggeredAt) (\(Self.age(of: alert.triggeredAt, now)))  \(alert.words)"
            )
        } else {
            lines.append("  no alert")
        }
        return lines.map { Terminal.printable($0) + "\n" }.joined()
    }

    private static func line(_ quote: Quote, _ now: EventTime) -> String {
        var line = "\(quote.vsCurrency)  \(quote.fields["price"] ?? "no price")"
        if let change = quote.fields["price_change_percentage_24h"] { line += "  \(change) % in 24 h" }
        guard let text = quote.fields["timestamp"] else { return line }
        return line + "  at \(text)" + (EventTime(text).map { " (\(age(of: $0, now)))" } ?? "")
    }

    private static func details(_ quote: Quote) -> [String] {
        let rows = [
            ["high_24h", "low_24h", "total_volume", "market_cap"], ["size", "side", "trade_id"], ["source"],
        ]
        return rows.map { Self.row($0, of: quote.fields) }.filter { !$0.isEmpty }
    }

    private static func line(_ candles: Candles) -> String {
        guard let start = candles.latest["window_start"] else {
            return "candle \(candles.window) \(candles.vsCurrency)"
        }
        let row = Self.row(["open", "high", "low", "close"], of: candles.latest)
        return "candle \(candles.window) \(candles.vsCurrency)  from \(start)  \(row)"
    }

    private static func details(_ candles: Candles) -> [String] {
        var rows = [Self.row(["sample_count", "trade_count", "volume", "quote_volume", "vwap"], of: candles.latest)]
        let marks = ["synthetic", "partial"].filter { candles.latest[$0] == "true" }
        let revision = candles.latest["revision"].flatMap { $0 == "0" ? nil : "revision \($0)" }
        rows.append((marks + (revision.map { [$0] } ?? [])).joined(separator: ", "))
        if let open = candles.open.flatMap(OpenCandle.init(json:)) {
            let prices = "open \(open.open)  high \(open.high)  low \(open.low)  close \(open.close)"
            let start = EventTime(microseconds: open.start)
            rows.append("open since \(start)  \(prices)  sample_count \(open.sampleCount)")
        }
        if let history = candles.history {
            let ends = [history.from, history.to].compactMap { $0.map { "\(EventTime(milliseconds: $0))" } }
            rows.append("history of \(history.count), \(ends.joined(separator: " to "))")
            rows += history.entries.map { String(decoding: $0, as: UTF8.self) }
        }
        return rows.filter { !$0.isEmpty }
    }

    /// Names and values of those fields that there are.
    private static func row(_ names: [String], of fields: [Field]) -> String {
        names.compactMap { name in fields[name].map { "\(name) \($0)" } }.joined(separator: "  ")
    }

    /// How long ago, in the unit that says most.
    static func age(of time: EventTime, _ now: EventTime) -> String {
        let seconds = (now.milliseconds - time.milliseconds) / 1_000
        return switch seconds {
        case ..<0: "ahead of this clock"
        case ..<120: "\(seconds) s ago"
        case ..<7_200: "\(seconds / 60) min ago"
        case ..<172_800: "\(seconds / 3_600) h ago"
        default: "\(seconds / 86_400) days ago"
        }
    }
}

extension PriceAlert {
    /// What fired, and at what.
    var words: String {
        let window = windowMicroseconds.map { " in \(TextDuration.text(microseconds: $0))" } ?? ""
        return "\(ruleID): \(kind.rawValue) \(threshold)\(window), value \(value), price \(price) \(vsCurrency)"
    }
}
