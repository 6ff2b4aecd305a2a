import Glibc

/// What two clocks showed when something arrived.
public struct ClockReading: Sendable, Hashable {
    /// The time of day, which may jump: for what records say of it, and for guards against times that can't be.
    public var wall: EventTime
    /// A clock that never goes back, in microseconds from any start: what waits and budgets are measured with.
    public var monotonic: Int64

    /// Makes a reading.
    public init(wall: EventTime, monotonic: Int64) {
        self.wall = wall
        self.monotonic = monotonic
    }

    /// Makes a reading of a time since some start.
    public init(wall: EventTime, uptime: Duration) {
        self.init(wall: wall, monotonic: uptime.wholeMicroseconds)
    }

    /// What the clocks of this machine show now.
    public static func now() -> ClockReading {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return ClockReading(wall: .now(), monotonic: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }

    /// ``monotonic`` as a length of time.
    public var uptime: Duration {
        .microseconds(monotonic)
    }
}
