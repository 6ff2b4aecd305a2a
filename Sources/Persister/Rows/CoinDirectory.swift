import Shared

/// Remembers what has been said about each coin, so that a description is written when it is new and not with every tick.
///
/// A pair is written when it is first seen, when its symbol or name changes, and when an hour of event time has passed, to
/// move `quoted_pairs.latest_at_least` forward. It is a memory only: forgetting everything costs one more write per pair.
/// So one batch's descriptions count for all once they are committed, and not before.
struct CoinDirectory: Sendable {
    /// How far the newest tick may run ahead of what `quoted_pairs` says, in microseconds of event time.
    static let refreshInterval: Int64 = 3_600_000_000
    /// How many pairs are remembered at most, in some 12 MB; with one more, all are forgotten.
    static let capacity = 250_000

    private var known: [UInt64: CoinFact] = [:]

    /// A directory that knows nothing.
    init() {}

    /// Whether a tick says nothing that isn't known.
    func covers(_ fact: CoinFact) -> Bool {
        guard let present = known[fact.pair] else { return false }
        // A tick from before what is known says nothing new about the coin, unless nothing has been said of it: somebody's
        // ticks without symbol and name may always be ahead of those that have them.
        if fact.time < present.time { return present.description != nil || fact.description == nil }
        let age = fact.time.microseconds.subtractingReportingOverflow(present.time.microseconds)
        return present.description == fact.described(by: present).description
            && (age.overflow || age.partialValue < Self.refreshInterval)
    }

    /// Takes note of what was said.
    mutating func learn(_ fact: CoinFact) {
        if known.count >= Self.capacity, known[fact.pair] == nil { known.removeAll(keepingCapacity: true) }
        known[fact.pair] = fact.described(by: known[fact.pair])
    }

    /// Forgets everything.
    mutating func removeAll() {
        known.removeAll(keepingCapacity: true)
    }
}
