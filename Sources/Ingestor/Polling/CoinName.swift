import Shared

/// A coin whose history is wanted: history itself says neither symbol nor name.
struct CoinName: Sendable, Hashable {
    /// CoinGecko's id.
    var id: String
    /// The ticker symbol.
    var symbol: String
    /// The display name.
    var name: String

    /// A coin.
    init(id: String, symbol: String, name: String) {
        self.id = id
        self.symbol = symbol
        self.name = name
    }

    /// Reads an object to its end.
    /// - Throws: ``JSONError`` when it has no id.
    init(_ scanner: inout JSONScanner, in json: Span<UInt8>) throws(JSONError) {
        var (id, symbol, name) = ("", "", "")
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            switch key.string(in: json) {
            case "id": id = try scanner.string()
            case "symbol": symbol = try scanner.string()
            case "name": name = try scanner.string()
            default: try scanner.skipValue()
            }
        }
        guard !id.isEmpty else { throw JSONError(.missingField("id"), at: scanner.position) }
        self.init(id: id, symbol: symbol, name: name)
    }

    /// Writes the object.
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("id", id)
        writer.member("symbol", symbol)
        writer.member("name", name)
        writer.endObject()
    }
}
