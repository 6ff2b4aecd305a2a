import Shared

/// The points of one window of all series, in the order of their times: whoever makes windows of them finds none late.
struct BackfillWindow: Sendable {
    /// A point and the number of its series.
    struct Entry: Sendable, Hashable {
        /// The series' number in the plan.
        var series: Int
        /// The point.
        var point: HistoryPoint
    }

    /// The entries, by time and then by series.
    private(set) var entries: [Entry] = []

    /// Takes the answer about a series over.
    /// - Parameters:
    ///   - points: what came.
    ///   - series: the series' number.
    ///   - wanted: the times that count, half-open; CoinGecko's answers begin earlier and end later now and then.
    mutating func add(_ points: [HistoryPoint], of series: Int, wanted: Range<EventTime>) {
        for point in points where wanted.contains(point.time) {
            entries.append(Entry(series: series, point: point))
        }
    }

    /// Cuts everything into pieces, each for one transaction: whole times, of about so many points.
    /// - Returns: each piece and the time before which everything is in it or in one before it.
    mutating func pieces(of size: Int, end: EventTime) -> [(entries: ArraySlice<Entry>, next: EventTime)] {
        entries.sort { ($0.point.time, $0.series) < ($1.point.time, $1.series) }
        var pieces: [(entries: ArraySlice<Entry>, next: EventTime)] = []
        var start = 0
        while start < entries.count {
            var stop = min(start + max(1, size), entries.count)
            while stop < entries.count, entries[stop].point.time == entries[stop - 1].point.time { stop += 1 }
            pieces.append((entries[start..<stop], stop < entries.count ? entries[stop].point.time : end))
            start = stop
        }
        return pieces.isEmpty ? [(entries[0..<0], end)] : pieces
    }
}
