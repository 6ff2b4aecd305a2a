/// Keeps a log readable while the same thing happens again and again: one line an interval, with how many were left out.
///
/// A value without a clock: the caller passes the time in.
public struct LogSampler: Sendable {
    private let interval: Duration
    private var quietUntil: ContinuousClock.Instant?
    private var leftOut = 0

    /// A sampler that has let nothing through yet.
    /// - Parameter interval: The least time between two lines.
    public init(every interval: Duration = .seconds(10)) {
        self.interval = interval
    }

    /// Whether a line may be written now.
    /// - Returns: How many were left out since the last one; nil if this one is to be left out as well.
    public mutating func pass(at now: ContinuousClock.Instant) -> Int? {
        if let quietUntil, now < quietUntil {
            leftOut += 1
            return nil
        }
        defer { leftOut = 0 }
        quietUntil = now.advanced(by: interval)
        return leftOut
    }
}
