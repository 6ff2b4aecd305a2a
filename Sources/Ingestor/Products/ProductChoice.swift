import Shared

/// What of an exchange's products is wanted.
struct ProductChoice: Sendable, Hashable {
    /// These products by the exchange's names, when there are some: nothing else of this counts then.
    var products: [String] = []
    /// Which coins.
    var coins: CoinList
    /// In which currencies, in lower case.
    var vsCurrencies: [String]
    /// What `coin_id` is.
    var pairIDs = PairIDs.coingecko

    /// The exchange's products that are wanted, and what of the wish it doesn't have.
    /// - Throws: ``ProductTableError`` when it has nothing of it; it says what there is.
    func products(of exchange: String, in table: ProductTable) throws(ProductTableError) -> Found {
        let rows = table.rows.filter { $0.exchange == exchange }
        guard !rows.isEmpty else {
            throw ProductTableError("the table of products has none of \(exchange); see INGESTOR_PRODUCTS_FILE")
        }
        let found = try products.isEmpty ? byCoin(rows, exchange) : byName(rows, exchange)
        return Found(products: found.rows.map(product), missing: found.missing)
    }

    /// What ``products(of:in:)`` found.
    struct Found: Sendable, Hashable {
        /// The products, coins in the table's order or the wish's, currencies in the wish's.
        var products: [Product]
        /// What isn't among them, in words: `kaspa`, `gbp`, `FOO-USD`.
        var missing: [String]
    }

    private func product(_ row: ProductRow) -> Product {
        Product(
            name: row.product,
            coinID: pairIDs == .coingecko ? row.coinID : row.pairID,
            symbol: row.symbol,
            coinName: row.name,
            vsCurrency: row.vsCurrency
        )
    }

    private func byName(
        _ rows: [ProductRow],
        _ exchange: String
    ) throws(ProductTableError) -> (rows: [ProductRow], missing: [String]) {
        let named = Dictionary(rows.map { ($0.product, $0) }) { first, _ in first }
        var seen: Set<String> = []
        let wanted = products.filter { seen.insert($0).inserted }
        let missing = wanted.filter { named[$0] == nil }
        guard missing.count < wanted.count else {
            throw ProductTableError(
                "the table of products has none of \(exchange)'s \(missing.joined(separator: ", ")): its names are such as "
                    + "\(rows[0].product); INGESTOR_PRODUCTS_FILE adds some"
            )
        }
        return (wanted.compactMap { named[$0] }, missing)
    }

    private func byCoin(
        _ rows: [ProductRow],
        _ exchange: String
    ) throws(ProductTableError) -> (rows: [ProductRow], missing: [String]) {
        let currencies = Set(rows.map(\.vsCurrency))
        let wanted = vsCurrencies.filter(currencies.contains)
        guard !wanted.isEmpty else {
            throw ProductTableError(
                "\(exchange) has no products in \(vsCurrencies.joined(separator: ", ")): set INGESTOR_VS_CURRENCIES to some of "
                    + currencies.sorted().joined(separator: ", ")
            )
        }
        var byPair: [String: ProductRow] = [:]
        var coins: [String] = []
        var known: Set<String> = []
        for row in rows where wanted.contains(row.vsCurrency) {
            byPair[row.pair] = row
            if known.insert(row.coinID).inserted { coins.append(row.coinID) }
        }
        var missing = vsCurrencies.filter { !currencies.contains($0) }
        switch self.coins {
        case .largest(let count): coins = Array(coins.prefix(count))
        case .ids(let ids):
            missing += ids.filter { !known.contains($0) }
            coins = ids.filter(known.contains)
        }
        guard !coins.isEmpty else {
            throw ProductTableError(
                "the table of products has none of \(missing.joined(separator: ", ")) on \(exchange) in "
                    + "\(wanted.joined(separator: ", ")); INGESTOR_PRODUCTS_FILE adds some"
            )
        }
        let pairs = coins.flatMap { coin in wanted.compactMap { byPair["\(coin) \($0)"] } }
        return (pairs, missing)
    }
}
