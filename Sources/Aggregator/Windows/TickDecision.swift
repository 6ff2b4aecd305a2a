import Shared

/// What became of a tick.
public enum TickDecision: Sendable, Hashable {
    /// Windows that end before it are not all closed yet: what came of it so far can be committed, and then it has to be
    /// handed in again.
    case closing
    /// It went into windows that are still open.
    case accepted
    /// It went into a pane that had been closed, within the allowed lateness: windows were emitted again.
    case revised
    /// It repeats the coin's newest observation, or was put back for another service: counted, not aggregated.
    case unchanged
    /// It came after the allowed lateness.
    case late(LateTick)
    /// It is this many microseconds ahead of the wall clock, more than the limit. It moved nothing.
    case future(ahead: Int64)
    /// It can't be added: the sum would leave the exact range, or the window would begin before the year 0.
    case outOfRange
    /// Its coin has no panes, and there is no room for another coin that has some.
    case noRoom
}

/// How late a tick was.
public struct LateTick: Sendable, Hashable {
    /// Microseconds of event time between the end of the allowed lateness of the tick's pane and the watermark.
    public var by: Int64
    /// The watermark when the tick came.
    public var watermark: EventTime
    /// The start of the pane it would have belonged to.
    public var windowStart: EventTime
}
