import Shared

/// Reads the body of `/coins/markets`: an array of objects, of which only the id may be taken for granted.
///
/// What breaks JSON's grammar spoils the page; a field of a type that it must not have spoils at most its row.
struct MarketsPage: Sendable {
    /// The rows that have an id.
    private(set) var rows: [MarketsRow] = []
    /// Elements that are no object with an id.
    private(set) var malformed = 0

    /// How many elements the array has.
    var count: Int { rows.count + malformed }

    /// Reads a body.
    /// - Throws: ``JSONError`` when it is not an array in JSON.
    init(json: Span<UInt8>) throws(JSONError) {
        var scanner = JSONScanner(json)
        try scanner.beginArray()
        while try scanner.nextElement() {
            if try scanner.peekKind() != .object {
                try scanner.skipValue()
                malformed += 1
            } else if let row = try Self.row(&scanner, in: json) {
                rows.append(row)
            } else {
                malformed += 1
            }
        }
        try scanner.end()
    }

    /// Reads one object to its end.
    /// - Returns: `nil` when it has no id.
    private static func row(_ scanner: inout JSONScanner, in json: Span<UInt8>) throws(JSONError) -> MarketsRow? {
        var row = MarketsRow(id: "")
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

    /// A field that the row can do without; counted when there is a value and it can't be used.
    private static func optional<Value>(
        _ scanner: inout JSONScanner,
        _ row: inout MarketsRow,
        _ read: (inout JSONScanner) throws(JSONError) -> Value?
    ) throws(JSONError) -> Value? {
        let isNull = try scanner.peekKind() == .null
        let value = try read(&scanner)
        if value == nil, !isNull { row.unusableFields += 1 }
        return value
    }

    /// A number, or `nil` for null, another type, or one that a ``Price`` does not hold.
    private static func price(_ scanner: inout JSONScanner) throws(JSONError) -> Price? {
        guard try scanner.peekKind() == .number else {
            try scanner.skipValue()
            return nil
        }
        do {
            return try scanner.price()
        } catch  where error.kind == .outOfRange {
            return nil
        }
    }

    /// A rank, or `nil` for null, another type, or a number that is no rank for the readers of ticks.
    private static func rank(_ scanner: inout JSONScanner) throws(JSONError) -> Int? {
        guard try scanner.peekKind() == .number else {
            try scanner.skipValue()
            return nil
        }
        do {
            return Int32(exactly: try scanner.integer()).map(Int.init)
        } catch  where error.kind == .outOfRange {
            return nil
        }
    }

    /// A text, or `nil` for null or another type.
    private static func text(_ scanner: inout JSONScanner) throws(JSONError) -> String? {
        guard try scanner.peekKind() == .string else {
            try scanner.skipValue()
            return nil
        }
        return try scanner.string()
    }
}
