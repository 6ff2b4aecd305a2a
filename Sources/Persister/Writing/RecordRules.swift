import Shared

/// What a record must keep to beyond what its JSON says by itself: time and place.
struct RecordRules: Sendable {
    /// The latest event time that is believed: the clock and a little more. A tick of 2031 would be a coin's newest until
    /// then.
    var latest: EventTime
    /// How many partitions the topic of ticks has; nil takes a tick in any of them.
    var partitionCount: Int?

    /// Why an event time isn't believed, or nil when it is.
    func fault(of time: EventTime) -> String? {
        guard time > latest else { return nil }
        let (ahead, overflow) = time.microseconds.subtractingReportingOverflow(latest.microseconds)
        let seconds = (overflow ? .max : ahead) / 1_000_000
        return "the time lies \(seconds) s beyond what PERSISTER_MAX_FUTURE allows"
    }
}
