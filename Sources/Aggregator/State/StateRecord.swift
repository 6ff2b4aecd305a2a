import Shared

/// What a record of `aggregator.state` is about: its key.
public enum StateKey: Sendable, Hashable {
    /// How far the partition has come.
    case position
    /// What a coin leaves behind when its panes are gone.
    case coin(CoinKey)
    /// A pane of a coin, by its start.
    case pane(CoinKey, start: EventTime)
    /// What a rule knows of a coin.
    case alert(ruleID: String, CoinKey)
}

/// What a record of `aggregator.state` says: its value.
public enum StateValue: Sendable, Hashable {
    /// See `StateKey.position`.
    case position(PositionState)
    /// See `StateKey.coin`.
    case coin(CoinRecord)
    /// See `StateKey.pane`.
    case pane(PaneState)
    /// See `StateKey.alert`.
    case alert(AlertState)
}

/// How far a partition has come: written in every transaction.
public struct PositionState: Sendable, Hashable {
    /// The offset of the next record to read.
    public var nextOffset: Int64
    /// The watermark; nil before the first tick.
    public var watermark: EventTime?
    /// The largest event time seen.
    public var largestEventTime: EventTime?
    /// Windows that start before this instant may lack ticks; nil until the next tick sets it.
    public var completeFrom: EventTime?
    /// Panes that start before this instant have been given up, and may not begin anew when the settings change.
    public var keptFrom: EventTime?
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

/// What a coin leaves behind when its panes are gone.
public struct CoinRecord: Sendable, Hashable {
    /// The largest event time taken in.
    public var lastEventTime: EventTime?
    /// The latest close among closed panes.
    public var close: Price?
    /// The 24-hour volume that came with it.
    public var volume: Price?
    /// Its event time.
    public var closeTime: EventTime?
    /// Windows of the coin that start before this instant may lack ticks.
    public var completeFrom: EventTime?
}

/// A pane and what was emitted of the windows that end with it.
public struct PaneState: Sendable, Hashable {
    /// How many ticks it holds; the other figures mean nothing when it is 0.
    public var count: UInt32
    /// The first price.
    public var open = Price.zero
    /// The highest price.
    public var high = Price.zero
    /// The lowest price.
    public var low = Price.zero
    /// The last price.
    public var close = Price.zero
    /// The sum of the prices.
    public var sum = Price.zero
    /// The 24-hour volume that came with the last price.
    public var volume: Price?
    /// Event time of the first price.
    public var firstTime = EventTime(microseconds: 0)
    /// Event time of the last price.
    public var lastTime = EventTime(microseconds: 0)
    /// Bit `n`: the n-th window that ends with this pane has been emitted.
    public var emitted: UInt16
    /// By window: how often it was emitted again. Empty when none was.
    public var revisions: [UInt32] = []
}

/// What a rule knows of a coin.
public struct AlertState: Sendable, Hashable {
    /// Whether the rule's condition held at the last look; nil when it hasn't looked since its condition changed.
    public var holds: Bool?
    /// When the rule last fired for the coin.
    public var firedAt: EventTime?
    /// What the rule watched then: a rule that has changed since starts anew.
    public var kind: AlertRule.Kind
    /// Its threshold then.
    public var threshold: Price
    /// The length of its window then, in microseconds, for `changePct`.
    public var windowMicroseconds: Int64?
}

extension AlertState {
    /// Whether a rule watches for what this one watched for. Records of older versions don't name the window.
    func isAbout(_ rule: AlertRule) -> Bool {
        guard kind == rule.kind, threshold == rule.threshold else { return false }
        return kind != .changePct || windowMicroseconds == nil || windowMicroseconds == rule.windowMicroseconds
    }
}

extension PaneState {
    /// Why no pane can have such figures, or nil when one can: whoever may write to the topic can write anything.
    /// - Parameters:
    ///   - start: when the pane starts.
    ///   - length: how long it is, in microseconds.
    func fault(start: EventTime, length: Int64) -> String? {
        guard count > 0 else { return nil }
        guard low <= open, open <= high, low <= close, close <= high else {
            return "open or close lies outside low and high"
        }
        guard firstTime <= lastTime, firstTime >= start, lastTime.microseconds - start.microseconds < length else {
            return "first and last don't lie in the pane"
        }
        // A product that is out of range bounds nothing that is in range.
        let (least, noLeast) = low.units.multipliedReportingOverflow(by: Int128(count))
        let (most, noMost) = high.units.multipliedReportingOverflow(by: Int128(count))
        guard noLeast || sum.units >= least, noMost || sum.units <= most else {
            return "sum can't be that of the prices"
        }
        return nil
    }
}

extension PositionState {
    /// Why no position can be like this, or nil when one can.
    var fault: String? {
        if let watermark, let largestEventTime {
            let ahead = largestEventTime.microseconds - watermark.microseconds
            if ahead > WindowPlan.maximumOutOfOrderness { return "largest_event_time is \(ahead) µs ahead" }
        }
        return nil
    }
}
