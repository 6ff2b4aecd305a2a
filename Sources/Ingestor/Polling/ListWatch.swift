import Shared

/// Notices which coins a list that changes has gained and lost: the hundred largest of today. A value without a clock.
struct ListWatch: Sendable {
    /// What has changed.
    struct Change: Sendable, Hashable {
        /// The ids that are new, in their order.
        var added: [String]
        /// The ids that are gone, in their order.
        var dropped: [String]
    }

    /// In how many rounds a coin has to be missing until it is gone: one that moves from a page to the next between two
    /// requests is on neither for a round.
    static let patience = 2

    /// How many pages the list has.
    private let pageCount: Int
    private var pages: [Int: Set<String>] = [:]
    /// The coins of the list, and how many rounds ago each was last seen; nil before the first whole round.
    private var rounds: [String: Int]?

    /// A watch that knows nothing yet.
    init(pages: Int) {
        pageCount = pages
    }

    /// How many coins the list has.
    var count: Int { rounds?.count ?? 0 }

    /// Takes what a page lists.
    /// - Parameters:
    ///   - ids: its coins.
    ///   - page: which one it is, from 1.
    ///   - isLast: whether no page behind it holds anything.
    mutating func add(_ ids: some Sequence<String>, page: Int, isLast: Bool) {
        pages[page] = Set(ids)
        guard isLast else { return }
        for later in page + 1..<max(page + 1, pageCount + 1) { pages[later] = [] }
    }

    /// Judges a round that is over.
    /// - Returns: what has changed, if anything has; the first whole round is no change.
    mutating func judge() -> Change? {
        guard pages.count >= pageCount else { return nil }
        let listed = pages.values.reduce(into: Set()) { $0.formUnion($1) }
        guard var rounds else {
            rounds = Dictionary(uniqueKeysWithValues: listed.map { ($0, 0) })
            return nil
        }
        let added = listed.filter { rounds[$0] == nil }
        for id in rounds.keys { rounds[id, default: 0] += 1 }
        for id in listed { rounds[id] = 0 }
        let dropped = rounds.filter { $0.value >= Self.patience }.map(\.key)
        for id in dropped { rounds[id] = nil }
        self.rounds = rounds
        return added.isEmpty && dropped.isEmpty ? nil : Change(added: added.sorted(), dropped: dropped.sorted())
    }
}

extension ListWatch.Change: CustomStringConvertible {
    /// The most ids of each kind that are named.
    static let mostNamed = 10

    /// One line.
    var description: String {
        let parts = [("new", added), ("gone", dropped)].filter { !$0.1.isEmpty }.map { what, ids in
            let more = ids.count > Self.mostNamed ? " and \(ids.count - Self.mostNamed) others" : ""
            return "\(what): \(ids.prefix(Self.mostNamed).joined(separator: ", "))\(more)"
        }
        return parts.joined(separator: "; ")
    }
}
