import Shared

/// Cuts a row of event times into stretches that touch a bounded number of days.
///
/// On TimescaleDB each day is a chunk, and a transaction holds several locks on each chunk that it touches; the server has
/// a fixed number of them for all (`max_locks_per_transaction`). Thousands of days in one transaction are refused with
/// SQLSTATE 53200, however often they are tried.
struct DayLimit: Sendable {
    /// The most days of a stretch. 900 days in one transaction pass on a server with its default settings.
    static let maximum = 32

    private var days: Set<Int64> = []
    private var last: Int64?

    /// Takes note of a time.
    /// - Returns: whether a new stretch begins with it.
    mutating func cuts(before time: EventTime) -> Bool {
        let day = time.microseconds / 86_400_000_000
        if day == last { return false }
        last = day
        guard days.count == Self.maximum, !days.contains(day) else {
            days.insert(day)
            return false
        }
        days = [day]
        return true
    }
}
