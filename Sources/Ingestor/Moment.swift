import Shared

/// One reading of both clocks.
struct Moment: Sendable, Hashable {
    /// The time of day; it may jump.
    var wall: EventTime
    /// The time since some fixed start; it never jumps.
    var uptime: Duration
}
