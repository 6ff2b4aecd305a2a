import Glibc

/// An instant, as microseconds since 1970-01-01T00:00:00Z, without leap seconds.
///
/// Event time is when a price was true at its source; it is never the time at which somebody read it.
public struct EventTime: Sendable, Hashable {
    /// Microseconds since the Unix epoch, UTC.
    public var microseconds: Int64

    /// Makes an instant from microseconds since the Unix epoch.
    @inlinable
    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// Makes an instant from whole milliseconds since the Unix epoch, which must fit; somebody else's milliseconds go
    /// through ``init(unixMilliseconds:)``.
    @inlinable
    public init(milliseconds: Int64) {
        self.microseconds = milliseconds * 1_000
    }

    /// Milliseconds since the Unix epoch, rounded down.
    @inlinable
    public var milliseconds: Int64 {
        let quotient = microseconds / 1_000
        return microseconds % 1_000 < 0 ? quotient - 1 : quotient
    }
}

extension EventTime: Comparable {
    /// Orders by value.
    @inlinable
    public static func < (left: EventTime, right: EventTime) -> Bool {
        left.microseconds < right.microseconds
    }
}

extension EventTime {
    /// The first instant that RFC 3339 can write: 0000-01-01T00:00:00Z.
    public static let earliest = EventTime(microseconds: -62_167_219_200_000_000)

    /// The last instant that RFC 3339 can write: 9999-12-31T23:59:59.999999Z.
    public static let latest = EventTime(microseconds: 253_402_300_799_999_999)

    /// The time of the wall clock.
    public static func now() -> EventTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return EventTime(microseconds: Int64(time.tv_sec) &* 1_000_000 &+ Int64(time.tv_nsec) / 1_000)
    }

    /// Makes an instant from Unix seconds out of somebody else's data; nil before ``earliest`` or after ``latest``.
    public init?(unixSeconds: Int64) {
        self.init(checking: unixSeconds, microsecondsEach: 1_000_000)
    }

    /// Makes an instant from Unix milliseconds out of somebody else's data; nil before ``earliest`` or after
    /// ``latest``.
    public init?(unixMilliseconds: Int64) {
        self.init(checking: unixMilliseconds, microsecondsEach: 1_000)
    }

    /// Seconds since the Unix epoch, rounded down.
    public var unixSeconds: Int64 {
        let quotient = microseconds / 1_000_000
        return microseconds % 1_000_000 < 0 ? quotient - 1 : quotient
    }

    private init?(checking count: Int64, microsecondsEach: Int64) {
        let (microseconds, overflow) = count.multipliedReportingOverflow(by: microsecondsEach)
        let time = EventTime(microseconds: microseconds)
        guard !overflow, time >= .earliest, time <= .latest else { return nil }
        self = time
    }
}
