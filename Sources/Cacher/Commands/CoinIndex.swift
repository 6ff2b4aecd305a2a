import Shared

/// The coins that there are, and which of them somebody may have meant.
struct CoinIndex {
    /// A coin.
    struct Entry: Equatable {
        var id: String
        var symbol: String?
        var name: String?

        /// The id, with the symbol beside it.
        var text: String { symbol.map { "\(id) (\($0))" } ?? id }
    }

    /// How many are named at most.
    private static let maximumCount = 5
    /// How much of two names has to be the same, from 0 to 1, for the one to be taken for the other.
    private static let similarEnough = 0.5

    /// By rank, each once.
    var entries: [Entry]

    /// Whether there is a coin of that id.
    func contains(_ id: String) -> Bool {
        entries.contains { $0.id.hasSameBytes(as: id) }
    }

    /// Those that somebody who wrote `wanted` may have meant, the likeliest first.
    func near(_ wanted: String) -> [Entry] {
        let wanted = wanted.lowercased()
        let pairs = Self.pairs(wanted)
        let rated = entries.enumerated().compactMap { rank, entry -> (entry: Entry, distance: Double, rank: Int)? in
            let id = entry.id.lowercased()
            if [id, entry.symbol?.lowercased(), entry.name?.lowercased()].contains(wanted) { return (entry, 0, rank) }
            if wanted.count >= 3, id.contains(wanted) || wanted.contains(id) && id.count >= 3 {
                return (entry, 0.1, rank)
            }
            let likeness = Self.likeness(pairs, Self.pairs(id))
            return likeness >= Self.similarEnough ? (entry, 1 - likeness, rank) : nil
        }
        return rated.sorted { ($0.distance, $0.rank) < ($1.distance, $1.rank) }.prefix(Self.maximumCount).map(\.entry)
    }

    /// What to say when there is no such coin.
    func advice(for wanted: String) -> String {
        let near = near(wanted)
        if !near.isEmpty { return "did you mean \(near.map(\.text).joined(separator: ", "))?" }
        guard !entries.isEmpty else { return "there are no coins there at all; is CACHER_KEY_PREFIX right?" }
        let first = entries.prefix(Self.maximumCount).map(\.text).joined(separator: ", ")
        return "the \(entries.count) coins there begin with \(first)"
    }

    /// Letters with their neighbours, ends included: a letter too many, too few or changed leaves most of them.
    private static func pairs(_ name: String) -> Set<[UInt8]> {
        let bytes = [UInt8(ascii: "^")] + Array(name.utf8) + [UInt8(ascii: "$")]
        return Set(zip(bytes, bytes.dropFirst()).map { [$0, $1] })
    }

    private static func likeness(_ left: Set<[UInt8]>, _ right: Set<[UInt8]>) -> Double {
        2 * Double(left.intersection(right).count) / Double(max(1, left.count + right.count))
    }
}
