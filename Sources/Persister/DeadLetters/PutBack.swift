import Shared

/// The records whose dead letters were put back, as the marks of one partition say.
///
/// It takes 16 bytes for each run of neighbouring records of one service and partition, and ``runsPerSource`` times as much
/// for each such service and partition: a handful, unless somebody writes marks that are none of ours.
struct PutBack: Sendable {
    /// So many runs are held, which is 64 MB.
    static let maximumRuns = 4 << 20
    /// A service and partition counts as so many runs.
    static let runsPerSource = 16

    /// More marks than are held.
    struct TooMany: Error, CustomStringConvertible {
        var description: String {
            "more than \(PutBack.maximumRuns) runs of records were put back in one partition: too many to be kept in mind"
        }
    }

    private struct Source: Hashable {
        let place: TopicPartition
        let service: String
    }

    private var offsets: [Source: OffsetRuns] = [:]
    private var runs = 0
    private let limit: Int

    /// Nothing was put back.
    /// - Parameter limit: how many runs it may hold.
    init(limit: Int = PutBack.maximumRuns) {
        self.limit = limit
    }

    /// Takes note of a mark.
    /// - Throws: ``TooMany``.
    mutating func add(_ mark: RequeueMark) throws(TooMany) {
        for service in mark.services {
            let source = Source(place: mark.source, service: service)
            var known = offsets[source] ?? OffsetRuns()
            offsets[source] = nil
            runs -= known.runs.count
            known.insert(mark.offset)
            runs += known.runs.count
            offsets[source] = known
        }
        if runs + offsets.count * Self.runsPerSource > limit { throw TooMany() }
    }

    /// Whether a dead letter was put back: it, or another that the same service wrote about the same record.
    func contains(_ refusal: StoredDeadLetter.Refusal) -> Bool {
        offsets[Source(place: refusal.source, service: refusal.service)]?.contains(refusal.offset) ?? false
    }
}
