import Shared

/// Which coins somebody may have meant who named one that isn't there. Values without a clock.
struct NearMatches: Sendable {
    /// The most that are named for one id.
    static let most = 3
    /// The most ids that are looked for.
    static let mostIDs = 20

    private let coins: [(coin: CoinName, id: [UInt8], symbol: String, name: String)]
    private let largest: Set<String>

    /// Prepares a search.
    /// - Parameters:
    ///   - coins: those that there are.
    ///   - largest: ids that are more likely meant than others.
    init(among coins: [CoinName], largest: Set<String>) {
        self.coins = coins.map { ($0, Array($0.id.utf8), $0.symbol.lowercased(), $0.name.lowercased()) }
        self.largest = largest
    }

    /// The ids that are near, the nearest first: a ticker symbol or a name was taken for an id, a letter is wrong, or the
    /// end is missing.
    func ids(near wanted: String) -> [String] {
        let text = wanted.lowercased()
        let bytes = Array(text.utf8)
        let limit = bytes.count <= 4 ? 1 : 2
        var found: [(distance: Int, unlisted: Int, length: Int, id: String)] = []
        for (coin, id, symbol, name) in coins where coin.id != wanted {
            let distance: Int
            if symbol == text || name == text || coin.id == text {
                distance = 0
            } else if let edits = EditDistance.between(bytes, id, atMost: limit) {
                distance = edits
            } else if bytes.count > 2, id.starts(with: bytes + [UInt8(ascii: "-")]) {
                distance = limit + 1
            } else {
                continue
            }
            found.append((distance, largest.contains(coin.id) ? 0 : 1, id.count, coin.id))
        }
        return found.sorted { $0 < $1 }.prefix(Self.most).map(\.id)
    }

    /// A sentence about ids that aren't there.
    /// - Parameter vendor: who doesn't know them.
    func sentence(about unknown: [String], vendor: String) -> String {
        let parts = unknown.prefix(Self.mostIDs).map { id in
            let near = ids(near: id)
            return near.isEmpty ? id : "\(id) (meant: \(near.joined(separator: ", "))?)"
        }
        let more = unknown.count > Self.mostIDs ? " and \(unknown.count - Self.mostIDs) others" : ""
        return "\(vendor) has no coin with the id \(parts.joined(separator: ", "))\(more)"
    }

    /// Reads the body of a list of all coins, an array of objects with `id`, `symbol` and `name`.
    /// - Throws: ``JSONError`` when it is none.
    static func coins(_ json: Span<UInt8>) throws(JSONError) -> [CoinName] {
        var coins: [CoinName] = []
        var scanner = JSONScanner(json)
        try scanner.beginArray()
        while try scanner.nextElement() { coins.append(try CoinName(&scanner, in: json)) }
        try scanner.end()
        return coins
    }

    /// The ids of the coins that exchanges list: those that are meant most often.
    static let listedIDs = Set((try? ProductTable.builtIn().rows.map(\.coinID)) ?? [])
}
