import Shared

/// How fresh Redis is as to one partition that is ours: told what is read, acknowledged and stored, it says what to write.
///
/// Where counting goes on is known when the stored entry has been read. What comes earlier, one batch or two, is remembered
/// one by one and counted then.
struct PartitionFreshness: Sendable {
    /// The partition.
    let place: TopicPartition
    /// Its field in the hash.
    let field: String
    /// Whether the stored entry has been read.
    private(set) var isRestored = false
    /// The records that came before that, and how many of them are being written, and Redis has acknowledged.
    private var early: [(offset: Int64, eventTime: EventTime?)] = []
    private var earlyMarked = 0
    private var earlyAcknowledged = 0
    /// With everything that was handed out.
    private var seen = FreshnessCount(goingOnFrom: nil, next: 0)
    /// With what is being written.
    private var marked = FreshnessCount(goingOnFrom: nil, next: 0)
    /// With what Redis has acknowledged: this is written.
    private var acknowledged = FreshnessCount(goingOnFrom: nil, next: 0)
    private var lag: Int64?
    private var written: FreshnessEntry?

    /// An entry is written again after this time, in µs, whether it changed or not: readers see that the Cacher lives.
    static let maximumAge: Int64 = 5_000_000

    /// Begins with a partition of which nothing was read yet.
    init(_ place: TopicPartition, field: String) {
        self.place = place
        self.field = field
    }

    /// A record was handed out.
    /// - Parameter eventTime: its event time, if it has one that can be true.
    mutating func read(_ offset: Int64, _ eventTime: EventTime?) {
        if isRestored {
            seen.read(offset, eventTime)
        } else {
            early.append((offset, eventTime))
        }
    }

    /// Everything that was handed out is being written.
    mutating func mark() {
        marked = seen
        earlyMarked = early.count
    }

    /// Redis has everything that was handed out before the mark.
    mutating func acknowledge() {
        acknowledged = marked
        earlyAcknowledged = earlyMarked
    }

    /// The stored entry was read.
    /// - Parameters:
    ///   - stored: nil when there was none, or none that can be read.
    ///   - position: the first offset that was not handed out yet.
    mutating func restore(_ stored: FreshnessEntry?, position: Int64) {
        guard !isRestored else { return }
        isRestored = true
        seen = FreshnessCount(goingOnFrom: stored, next: early.first?.offset ?? position)
        (marked, acknowledged) = (seen, seen)
        for (index, record) in early.enumerated() {
            seen.read(record.offset, record.eventTime)
            if index < earlyMarked { marked = seen }
            if index < earlyAcknowledged { acknowledged = seen }
        }
        early = []
        (earlyMarked, earlyAcknowledged) = (0, 0)
    }

    /// The lag was measured.
    /// - Parameters:
    ///   - lag: how many records are still to be read, if that is known.
    ///   - end: the partition's end, if that is known. When it lies below what was counted, the topic was created again.
    mutating func measure(lag: Int64?, end: Int64?) {
        self.lag = lag
        guard isRestored, seen.isReplaying, let end, end < seen.countedTo else { return }
        seen.startAnew()
        marked.startAnew()
        acknowledged.startAnew()
    }

    /// The entry to write, if it is time.
    func due(at now: EventTime) -> FreshnessEntry? {
        guard isRestored else { return nil }
        let entry = FreshnessEntry(
            offset: acknowledged.countedTo,
            records: acknowledged.records,
            lag: lag,
            eventTime: acknowledged.eventTime,
            writtenAt: now
        )
        guard var written else { return entry }
        // A clock that was set back must not silence it.
        let age = now.microseconds - written.writtenAt.microseconds
        written.writtenAt = now
        return entry != written || !(0..<Self.maximumAge ~= age) ? entry : nil
    }

    /// Redis has the entry.
    mutating func wrote(_ entry: FreshnessEntry) {
        written = entry
    }
}
