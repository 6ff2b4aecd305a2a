import Shared

extension PolledRow {
    /// Reads one object of `/coins/markets` to its end.
    /// - Parameter vsCurrency: the currency that was asked for.
    /// - Returns: `nil` when it has no id.
    static func market(
        _ scanner: inout JSONScanner,
        in json: Span<UInt8>,
        _ vsCurrency: String
    ) throws(JSONError) -> PolledRow? {
        var row = PolledRow(id: "", vsCurrency: vsCurrency)
        let inexact = scanner.inexactCount
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key.string(in: json) {
            case "id": row.id = try text(&scanner) ?? ""
            case "symbol": row.symbol = try optional(&scanner, &row, text)
            case "name": row.name = try optional(&scanner, &row, text)
            case "current_price":
                let isNull = try scanner.peekKind() == .null
                row.currentPrice = try price(&scanner)
                row.isMalformed = row.currentPrice == nil && !isNull
                row.isRounded = scanner.inexactCount > inexact
            case "market_cap": row.marketCap = try optional(&scanner, &row, price)
            case "market_cap_rank": row.marketCapRank = try optional(&scanner, &row, rank)
            case "total_volume": row.totalVolume = try optional(&scanner, &row, price)
            case "high_24h": row.high24h = try optional(&scanner, &row, price)
            case "low_24h": row.low24h = try optional(&scanner, &row, price)
            case "price_change_percentage_24h": row.priceChangePercentage24h = try optional(&scanner, &row, price)
            case "last_updated":
                if let text = try text(&scanner) {
                    row.lastUpdated = EventTime(text)
                    if row.lastUpdated == nil { row.isMalformed = true }
                }
            default: try scanner.skipValue()
            }
        }
        row.roundedNumbers = scanner.inexactCount - inexact
        return row.id.isEmpty ? nil : row
    }
}
