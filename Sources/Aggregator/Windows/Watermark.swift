import Shared

/// How far event time has come in one input partition: no window that ends at or before it waits any longer.
///
/// It stays `outOfOrderness` behind the largest event time seen. While the partition is quiet it goes on at the pace of
/// a monotonic clock, from where it stood when the newest tick arrived: so the last window of a feed that stopped still
/// closes, and the feed's usual delay is kept, so that its next poll isn't late. It never moves back.
public struct Watermark: Sendable {
    /// The watermark; nil until the first tick.
    public private(set) var value: EventTime?
    /// The largest event time seen.
    public private(set) var largestEventTime: EventTime?

    private let outOfOrderness: Int64
    /// Where the watermark stood at `baseInstant`.
    private var base = EventTime(microseconds: .min)
    /// The monotonic clock when the newest tick arrived, in microseconds.
    private var baseInstant: Int64 = 0

    /// A watermark that has seen nothing.
    /// - Parameter outOfOrderness: how far it stays behind the largest event time, in microseconds.
    public init(outOfOrderness: Int64) {
        self.outOfOrderness = outOfOrderness
    }

    /// A watermark that goes on from where an earlier one stood.
    /// - Parameters:
    ///   - value: where it stood.
    ///   - largestEventTime: the largest event time it had seen.
    ///   - instant: the monotonic clock now, in microseconds.
    public init(outOfOrderness: Int64, value: EventTime, largestEventTime: EventTime, instant: Int64) {
        self.outOfOrderness = outOfOrderness
        self.value = value
        self.largestEventTime = largestEventTime
        base = value
        baseInstant = instant
    }

    /// A tick arrived.
    /// - Parameters:
    ///   - eventTime: the tick's event time.
    ///   - instant: the monotonic clock, in microseconds.
    /// - Returns: whether the watermark moved.
    @discardableResult
    @inline(__always)
    public mutating func observe(_ eventTime: EventTime, at instant: Int64) -> Bool {
        if let largest = largestEventTime, eventTime <= largest { return false }
        largestEventTime = eventTime
        base = EventTime(microseconds: eventTime.microseconds - outOfOrderness)
        baseInstant = instant
        return raise(to: base)
    }

    /// The partition is quiet: everything in it has been read.
    /// - Parameter instant: the monotonic clock, in microseconds; one that went back changes nothing.
    /// - Returns: whether the watermark moved.
    @discardableResult
    public mutating func advance(to instant: Int64) -> Bool {
        guard value != nil, instant > baseInstant else { return false }
        return raise(to: EventTime(microseconds: base.microseconds + (instant - baseInstant)))
    }

    private mutating func raise(to candidate: EventTime) -> Bool {
        if let value, candidate <= value { return false }
        value = candidate
        return true
    }
}
