import Shared

/// Reads the body of `/tickers`: an array of coins, each with a price in every currency that was asked for.
///
/// What is missing is null or an empty text. What breaks JSON's grammar spoils the page; a field of a type that it must not
/// have spoils at most its row.
struct TickersPage: Sendable {
    /// A coin.
    struct Coin: Sendable {
        /// CoinPaprika's id.
        var id: String
        /// The rank by market capitalisation; none for a coin that isn't active.
        var rank: Int?
        /// What is said of it in each currency.
        var rows: [PolledRow]
    }

    /// The coins that have an id.
    private(set) var coins: [Coin] = []
    /// Elements that are no object with an id.
    private(set) var malformed = 0

    /// Reads a body.
    /// - Parameters:
    ///   - vsCurrencies: the currencies that were asked for.
    ///   - ids: what the coins are called in ticks.
    /// - Throws: ``JSONError`` when it is not an array in JSON.
    init(json: Span<UInt8>, vsCurrencies: [String], ids: CoinPaprikaIDs) throws(JSONError) {
        var scanner = JSONScanner(json)
        try scanner.beginArray()
        while try scanner.nextElement() {
            if try scanner.peekKind() != .object {
                try scanner.skipValue()
                malformed += 1
            } else if let coin = try TickersCoin(&scanner, in: json).coin(vsCurrencies: vsCurrencies, ids: ids) {
                coins.append(coin)
            } else {
                malformed += 1
            }
        }
        try scanner.end()
    }

    /// What of it a request asked for: its ids, CoinGecko's or CoinPaprika's own, or so many of the largest.
    func choosing(_ request: PollRequest) -> PolledPage {
        var page = PolledPage(malformed: malformed, listed: coins.count + malformed)
        if request.ids.isEmpty {
            // Those without a rank come last, in their order.
            let largest = coins.enumerated().sorted { first, second in
                (first.element.rank ?? .max, first.offset) < (second.element.rank ?? .max, second.offset)
            }
            page.rows = largest.prefix(request.rows).flatMap(\.element.rows)
            return page
        }
        let wanted = Set(request.ids)
        var found: Set<String> = []
        for coin in coins {
            let names = [coin.id, coin.rows.first?.id ?? coin.id]
            guard names.contains(where: wanted.contains) else { continue }
            found.formUnion(names)
            page.rows += coin.rows
        }
        page.unknown = wanted.subtracting(found).sorted()
        if !page.unknown.isEmpty {
            page.known = coins.compactMap { coin in
                coin.rows.first.map { CoinName(id: $0.id, symbol: $0.symbol ?? "", name: $0.name ?? "") }
            }
        }
        return page
    }
}
