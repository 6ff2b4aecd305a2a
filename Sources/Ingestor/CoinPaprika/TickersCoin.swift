import Shared

/// One object of `/tickers`, as it stands there. The members may stand in any order, and a coin's time behind its prices.
struct TickersCoin: Sendable {
    private var id = ""
    private var symbol: String?
    private var name: String?
    private var rank: Int?
    private var lastUpdated: EventTime?
    private var isMalformed = false
    /// What is said in each currency, by its name in lower case.
    private var quotes: [String: PolledRow] = [:]

    /// Reads an object to its end.
    /// - Throws: ``JSONError`` when it breaks JSON's grammar.
    init(_ scanner: inout JSONScanner, in json: Span<UInt8>) throws(JSONError) {
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key.string(in: json) {
            case "id": id = try PolledRow.text(&scanner) ?? ""
            case "symbol": symbol = try PolledRow.text(&scanner)
            case "name": name = try PolledRow.text(&scanner)
            case "rank": rank = try PolledRow.rank(&scanner)
            case "last_updated":
                if let text = try PolledRow.text(&scanner), !text.isEmpty {
                    lastUpdated = EventTime(text)
                    if lastUpdated == nil { isMalformed = true }
                }
            case "quotes":
                guard try scanner.peekKind() == .object else {
                    try scanner.skipValue()
                    continue
                }
                try scanner.beginObject()
                while let currency = try scanner.nextKey() {
                    let name = currency.string(in: json).lowercased()
                    if try scanner.peekKind() == .object {
                        quotes[name] = try PolledRow.quote(&scanner, in: json, name)
                    } else {
                        try scanner.skipValue()
                    }
                }
            default: try scanner.skipValue()
            }
        }
    }

    /// The coin in the currencies that were asked for; a currency that is missing is a row without a price.
    /// - Returns: `nil` when it has no id.
    func coin(vsCurrencies: [String], ids: CoinPaprikaIDs) -> TickersPage.Coin? {
        guard !id.isEmpty else { return nil }
        // 0 is said of a coin that isn't active.
        let rank = rank.flatMap { $0 > 0 ? $0 : nil }
        let tickID = ids.tickID(id, symbol: symbol)
        let rows = vsCurrencies.map { currency in
            var row = quotes[currency] ?? PolledRow(id: "", vsCurrency: currency)
            row.id = tickID
            row.symbol = symbol.flatMap { $0.isEmpty ? nil : $0.lowercased() }
            row.name = name.flatMap { $0.isEmpty ? nil : $0 }
            row.marketCapRank = rank
            row.lastUpdated = lastUpdated
            row.isMalformed = row.isMalformed || isMalformed
            return row
        }
        return TickersPage.Coin(id: id, rank: rank, rows: rows)
    }
}

extension PolledRow {
    /// Reads what is said of a coin in one currency, to the object's end.
    static func quote(
        _ scanner: inout JSONScanner,
        in json: Span<UInt8>,
        _ vsCurrency: String
    ) throws(JSONError) -> PolledRow {
        var row = PolledRow(id: "", vsCurrency: vsCurrency)
        let inexact = scanner.inexactCount
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key.string(in: json) {
            case "price":
                let (price, isMissing) = try number(&scanner)
                row.currentPrice = price
                row.isMalformed = price == nil && !isMissing
                row.isRounded = scanner.inexactCount > inexact
            case "volume_24h": row.totalVolume = try figure(&scanner, &row)
            case "market_cap": row.marketCap = try figure(&scanner, &row)
            case "percent_change_24h": row.priceChangePercentage24h = try figure(&scanner, &row)
            default: try scanner.skipValue()
            }
        }
        row.roundedNumbers = scanner.inexactCount - inexact
        return row
    }

    /// A number that the row can do without; counted when there is a value and it can't be used.
    private static func figure(_ scanner: inout JSONScanner, _ row: inout PolledRow) throws(JSONError) -> Price? {
        let (figure, isMissing) = try number(&scanner)
        if figure == nil, !isMissing { row.unusableFields += 1 }
        return figure
    }

    /// A number. It is missing where null or an empty text stands for it.
    private static func number(
        _ scanner: inout JSONScanner
    ) throws(JSONError) -> (value: Price?, isMissing: Bool) {
        switch try scanner.peekKind() {
        case .null:
            try scanner.skipValue()
            return (nil, true)
        case .string: return (nil, try scanner.string().isEmpty)
        default: return (try price(&scanner), false)
        }
    }
}
