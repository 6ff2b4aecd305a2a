import Shared

/// When an answer was made, and so which times in it are believed. A value without a clock.
///
/// The server's `Date` counts as long as this machine's clock agrees roughly: one wrong `Date` would date ticks into a
/// future that nobody believes, and everything true would be older than they are.
struct AnswerTime: Sendable, Hashable {
    /// How far a `Date` may be behind this machine's clock: an answer can come from a cache.
    static let cacheTolerance: Duration = .seconds(900)

    /// The event time of what has none of its own.
    let time: EventTime
    /// The latest event time that is believed.
    let latest: EventTime
    /// False when there is a `Date` and it is wrong.
    let isDateBelieved: Bool

    /// Reads the clocks.
    /// - Parameters:
    ///   - date: the answer's `Date`, if it has one.
    ///   - wall: when it arrived, by this machine's clock.
    ///   - tolerance: how far `Date` may be ahead of this machine's clock, and an event time ahead of both.
    init(date: EventTime?, wall: EventTime, tolerance: Duration) {
        let ahead = tolerance.wholeMicroseconds
        let behind = Self.cacheTolerance.wholeMicroseconds
        let allowed = wall.microseconds - behind...wall.microseconds + ahead
        isDateBelieved = date.map { allowed.contains($0.microseconds) } ?? true
        time = isDateBelieved ? date ?? wall : wall
        latest = EventTime(microseconds: time.microseconds + ahead)
    }
}
