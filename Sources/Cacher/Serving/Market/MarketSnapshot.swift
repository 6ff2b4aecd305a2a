import Shared

/// The coins of one currency at one moment, by rank.
struct MarketSnapshot {
    /// The coins, the largest first.
    let rows: [PriceRow]

    /// The first coins in an order; those without the figure come last.
    func sorted(by order: PriceOrder, limit: Int) -> [PriceRow] {
        switch order {
        case .rank: Array(rows.prefix(limit))
        case .change: Array(descending(by: \.change).prefix(limit))
        case .volume: Array(descending(by: \.volume).prefix(limit))
        }
    }

    /// The coins that rose most, the best first.
    func gainers(limit: Int) -> [PriceRow] {
        Array(descending(by: \.change) { $0 > .zero }.prefix(limit))
    }

    /// The coins that fell most, the worst first.
    func losers(limit: Int) -> [PriceRow] {
        Array(descending(by: \.change) { $0 < .zero }.reversed().prefix(limit))
    }

    /// The newest time among some rows; RFC 3339 in UTC with the same number of digits sorts as text, but a fraction may
    /// have three or six.
    static func newest(of rows: [PriceRow]) -> EventTime? {
        rows.lazy.compactMap { EventTime($0.timestamp) }.max()
    }

    /// Sorted by a figure, the highest first; those without it last.
    private func descending(
        by figure: (PriceRow) -> String?
    ) -> [PriceRow] {
        let rated = rows.map { (row: $0, figure: figure($0).flatMap { Price($0) }) }
        let known = rated.filter { $0.figure != nil }.sorted { ($0.figure ?? .zero) > ($1.figure ?? .zero) }
        return known.map(\.row) + rated.filter { $0.figure == nil }.map(\.row)
    }

    /// Those with a figure that is wanted, the highest first.
    private func descending(
        by figure: (PriceRow) -> String?,
        where isWanted: (Price) -> Bool
    ) -> [PriceRow] {
        let rated = rows.compactMap { row in figure(row).flatMap { Price($0) }.map { (row: row, figure: $0) } }
        return rated.filter { isWanted($0.figure) }.sorted { $0.figure > $1.figure }.map(\.row)
    }
}
