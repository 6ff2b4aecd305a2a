/// A line of a table of products.
struct ProductRow: Sendable, Hashable {
    /// The exchange: `kraken`.
    var exchange: String
    /// Its name of the product: `BTC/USD`.
    var product: String
    /// CoinGecko's id of the base: `bitcoin`.
    var coinID: String
    /// The base's symbol, in lower case: `btc`.
    var symbol: String
    /// The base's name: `Bitcoin`; may be empty.
    var name: String
    /// The quote currency, in lower case: `usd`.
    var vsCurrency: String

    /// Reads a line: six fields with commas between them. Nothing is quoted, so a name holds no comma.
    /// - Throws: ``ProductTableError`` with what is wrong, without the line's number.
    init(line: Substring) throws(ProductTableError) {
        let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(\.withoutOuterSpaces)
        guard fields.count == 6 else {
            throw ProductTableError(
                "\(fields.count) fields instead of 6: exchange,product,coin_id,symbol,name,vs_currency"
            )
        }
        exchange = fields[0]
        product = fields[1]
        coinID = fields[2]
        symbol = fields[3].lowercased()
        name = fields[4]
        vsCurrency = fields[5].lowercased()
        guard !line.contains("\"") else { throw ProductTableError("a quotation mark; nothing is quoted here") }
        guard !line.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
            throw ProductTableError("a control character")
        }
        try ProductRow.check("exchange", exchange, limit: 64)
        try ProductRow.check("product", product, limit: 64)
        try ProductRow.check("coin_id", coinID, limit: 128)
        try ProductRow.check("symbol", symbol, limit: 64)
        try ProductRow.check("vs_currency", vsCurrency, limit: 32)
        guard name.utf8.count <= 256 else { throw ProductTableError("the name has more than 256 bytes") }
    }

    private static func check(_ field: String, _ text: String, limit: Int) throws(ProductTableError) {
        guard !text.isEmpty else { throw ProductTableError("\(field) is empty") }
        guard text.utf8.count <= limit else { throw ProductTableError("\(field) has more than \(limit) bytes") }
        guard !text.contains(where: \.isWhitespace) else { throw ProductTableError("\(field) holds white space") }
    }

    /// Which candles it feeds: with CoinGecko's ids those of all sources of the coin.
    var pair: String { "\(coinID) \(vsCurrency)" }
    /// Its own id, of this exchange alone: `btc-usd@kraken`.
    var pairID: String { "\(symbol)-\(vsCurrency)@\(exchange)" }
}
