/// What decides which of two values for the same key is the newer one: here within a batch, in Redis by the same order
/// (``CacheScript``).
///
/// A tick compares by its event time, then by its offset; a candle by the start of
/// its window, then by its revision.
public struct CacheVersion: Sendable, Hashable {
    /// Event time in µs since the epoch, UTC: the key's field `time_us`.
    public var timeMicroseconds: Int64
    /// The tie-breaker: the key's field `order`.
    public var order: Int64

    /// Makes a version.
    public init(timeMicroseconds: Int64, order: Int64) {
        self.timeMicroseconds = timeMicroseconds
        self.order = order
    }
}

extension CacheVersion: Comparable {
    /// Orders by time, then by the tie-breaker.
    public static func < (left: CacheVersion, right: CacheVersion) -> Bool {
        (left.timeMicroseconds, left.order) < (right.timeMicroseconds, right.order)
    }
}
