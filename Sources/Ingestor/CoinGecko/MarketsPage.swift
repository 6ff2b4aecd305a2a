import Shared

/// Reads the body of `/coins/markets`: an array of objects, of which only the id may be taken for granted.
///
/// What breaks JSON's grammar spoils the page; a field of a type that it must not have spoils at most its row.
struct MarketsPage: Sendable {
    /// The rows that have an id.
    private(set) var rows: [PolledRow] = []
    /// Elements that are no object with an id.
    private(set) var malformed = 0

    /// How many elements the array has.
    var count: Int { rows.count + malformed }

    /// Reads a body.
    /// - Parameter vsCurrency: the currency that was asked for.
    /// - Throws: ``JSONError`` when it is not an array in JSON.
    init(json: Span<UInt8>, vsCurrency: String = "") throws(JSONError) {
        var scanner = JSONScanner(json)
        try scanner.beginArray()
        while try scanner.nextElement() {
            if try scanner.peekKind() != .object {
                try scanner.skipValue()
                malformed += 1
            } else if let row = try PolledRow.market(&scanner, in: json, vsCurrency) {
                rows.append(row)
            } else {
                malformed += 1
            }
        }
        try scanner.end()
    }
}
