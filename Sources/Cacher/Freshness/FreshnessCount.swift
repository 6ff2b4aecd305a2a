import Shared

/// How far a partition has been read, and how many records that were.
struct FreshnessCount: Sendable, Hashable {
    /// The next offset to read.
    private(set) var next: Int64
    /// Records below this offset have been counted, now or before a restart.
    private(set) var countedTo: Int64
    /// How many records have been counted.
    private(set) var records: Int64
    /// The newest event time so far.
    private(set) var eventTime: EventTime?
    /// How many records came that had been counted before.
    private var again: Int64 = 0

    /// Goes on from what was stored, if anything was.
    /// - Parameter next: the offset to start from; when it lies below what was stored, records come again.
    init(goingOnFrom stored: FreshnessEntry?, next: Int64) {
        self.next = next
        countedTo = max(next, stored?.offset ?? 0)
        records = stored?.records ?? 0
        eventTime = stored?.eventTime
    }

    /// Whether records come that have been counted before.
    var isReplaying: Bool { next < countedTo }

    /// Counts a record, unless it has been counted before.
    mutating func read(_ offset: Int64, _ eventTime: EventTime?) {
        next = offset &+ 1
        if offset >= countedTo {
            records &+= 1
            countedTo = next
        } else {
            again &+= 1
        }
        if let eventTime, eventTime > self.eventTime ?? .earliest { self.eventTime = eventTime }
    }

    /// Counts what seemed to come again after all, and everything to come: the topic is another one than it was.
    mutating func startAnew() {
        records &+= again
        again = 0
        countedTo = next
    }
}
