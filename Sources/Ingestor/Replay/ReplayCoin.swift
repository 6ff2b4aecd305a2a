import Shared

/// The coin and the currency of a file that doesn't name them in its lines.
struct ReplayCoin: Sendable, Hashable {
    /// CoinGecko's id; `nil` when each line has one.
    var id: String?
    /// The ticker symbol; may be empty.
    var symbol = ""
    /// The display name; may be empty.
    var name = ""
    /// The currency.
    var vsCurrency: String

    /// Puts together what the settings, the table of products and the file's name say; the settings win.
    /// - Parameters:
    ///   - pairs: what may be the pair's name, the best first: from the file's name, from its lines.
    ///   - exchange: whose name it is; all of them when that isn't known.
    /// - Throws: ``ReplayError`` when they don't say it, or not clearly; it names the settings.
    init(
        settings: ReplaySettings,
        pairs: [String],
        exchange: String?,
        in table: ProductTable,
        otherwise currency: String
    ) throws(ReplayError) {
        let rows = pairs.lazy.map { Self.rows(of: $0, exchange: exchange, in: table) }.first { !$0.isEmpty } ?? []
        if let id = settings.coin {
            let known = table.rows.first { $0.coinID == id }
            (self.id, symbol, name) = (id, known?.symbol ?? "", known?.name ?? "")
            vsCurrency = settings.currency ?? rows.first?.vsCurrency ?? currency
            return
        }
        guard let first = rows.first else {
            let tried = pairs.filter { !$0.isEmpty }.map { "\"\($0.cut(to: 64))\"" }.joined(separator: ", ")
            throw ReplayError(
                "the replay file names no coin, and \(tried.isEmpty ? "its name neither" : "the table of products has no \(tried)")"
                    + ": set INGESTOR_REPLAY_COIN to CoinGecko's id, and INGESTOR_REPLAY_CURRENCY"
            )
        }
        guard rows.allSatisfy({ $0.pair == first.pair }) else {
            let meanings = Set(rows.map(\.pair)).sorted().prefix(4).joined(separator: ", ")
            throw ReplayError(
                "\(pairs.first { !$0.isEmpty } ?? "the pair") means different coins on different exchanges (\(meanings)): set "
                    + "INGESTOR_REPLAY_COIN and INGESTOR_REPLAY_CURRENCY"
            )
        }
        (id, symbol, name) = (first.coinID, first.symbol, first.name)
        vsCurrency = settings.currency ?? first.vsCurrency
    }

    /// Of a file that names its coins, whose lines may leave out the currency.
    init(vsCurrency: String) {
        self.vsCurrency = vsCurrency
    }

    /// The table's rows about a pair. Kraken's dumps have names of its own for Bitcoin and Dogecoin.
    private static func rows(of pair: String, exchange: String?, in table: ProductTable) -> [ProductRow] {
        let wanted = Self.plain(pair, exchange)
        guard wanted.utf8.count >= 4 else { return [] }
        let known = exchange.map { name in table.rows.contains { $0.exchange == name } } ?? false
        return table.rows.filter { row in
            (!known || row.exchange == exchange) && plain(row.product, row.exchange) == wanted
        }
    }

    private static func plain(_ product: String, _ exchange: String?) -> String {
        let letters = product.uppercased().filter { $0.isLetter || $0.isNumber }
        guard exchange == "kraken" else { return letters }
        return letters.replacing("XBT", with: "BTC").replacing("XDG", with: "DOGE")
    }
}
