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

    /// Makes an instant from whole milliseconds since the Unix epoch.
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
