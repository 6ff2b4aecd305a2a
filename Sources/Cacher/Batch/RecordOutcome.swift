import Shared

/// What became of a record.
enum RecordOutcome: Sendable, Hashable {
    /// It is in the batch, or was only to be counted: then it has no event time.
    case used(eventTime: EventTime?)
    /// It can't be used, for that reason.
    case refused(String)

    /// An event time, unless there is a reason against the record.
    init(eventTime: EventTime, refusal: String?) {
        self = refusal.map { .refused($0) } ?? .used(eventTime: eventTime)
    }
}
