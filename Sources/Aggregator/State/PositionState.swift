import Shared

/// How far a partition has come: written in every transaction.
public struct PositionState: Sendable, Hashable {
    /// The offset of the next record to read.
    public var nextOffset: Int64
    /// The watermark; nil before the first tick.
    public var watermark: EventTime?
    /// In the middle of a close: every window that ends at or before this instant has been emitted, and of those that end
    /// next, the ones that their panes say. Nil when all have been that end at or before the watermark.
    public var closedThrough: EventTime?
    /// The largest event time seen.
    public var largestEventTime: EventTime?
    /// Windows that start before this instant may lack ticks; nil until the next tick sets it.
    public var completeFrom: EventTime?
    /// Panes that start before this instant have been given up, and may not begin anew when the settings change.
    public var keptFrom: EventTime?
    /// Trades before this instant may not have been counted as such; nil before the first tick, and in a record of a version
    /// that knew no sizes.
    public var tradesFrom: EventTime?
    /// The largest event time of a tick that found no room.
    public var refusedThrough: EventTime?
    /// The length of a pane in microseconds: panes of another length can't be used.
    public var paneLength: Int64
    /// The windows that the bits of `PaneState.emitted` stand for.
    public var windows: [WindowSpec]
    /// By partition of `alerts.rules`: records before this offset have been looked at for faults, which went to the
    /// dead letters.
    public var reportedRules: [Int32: Int64] = [:]
}

extension PositionState {
    /// Why no position can be like this, or nil when one can.
    var fault: String? {
        if let watermark, let largestEventTime {
            let ahead = largestEventTime.microseconds - watermark.microseconds
            if ahead > WindowPlan.maximumOutOfOrderness { return "largest_event_time is \(ahead) µs ahead" }
        }
        if let closedThrough, watermark.map({ closedThrough > $0 }) ?? true {
            return "closed_through is past the watermark"
        }
        return nil
    }
}
