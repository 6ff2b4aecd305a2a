/// Exponential backoff as a plain value: the time healthy and the randomness are passed in, the next delay comes out.
///
/// The rule of the suite: 1 s, doubling, at most 60 s, jitter, and anew after a run that worked for 10 s: two outages a
/// minute apart have nothing to do with each other.
public struct Backoff: Sendable, Equatable {
    /// The delay after the first failure, before jitter.
    public let initial: Duration
    /// No delay is longer than this.
    public let cap: Duration
    /// The part of a delay, 0 to 1, that chance may take away, so that many clients don't come back in step.
    public let jitter: Double
    /// A run that was healthy for this long starts the row from ``initial`` again.
    public let resetAfter: Duration
    /// Failures since the last healthy run.
    public private(set) var failures = 0
    private var delay: Duration

    /// A row of delays that has not begun.
    public init(
        initial: Duration = .seconds(1),
        cap: Duration = .seconds(60),
        jitter: Double = 0.25,
        resetAfter: Duration = .seconds(10)
    ) {
        self.initial = initial
        self.cap = cap
        self.jitter = jitter
        self.resetAfter = resetAfter
        self.delay = min(initial, cap)
    }

    /// The delay after a failure.
    /// - Parameters:
    ///   - healthyFor: How long the attempt that failed now had been working before it failed.
    ///   - random: Anything from 0 to 1, for the jitter.
    public mutating func next(healthyFor: Duration = .zero, random: Double) -> Duration {
        if healthyFor >= resetAfter {
            reset()
        }
        failures += 1
        let current = delay
        delay = min(cap, delay * 2)
        return current * (1 - jitter * min(1, max(0, random)))
    }

    /// Begins the row again, after success.
    public mutating func reset() {
        failures = 0
        delay = min(initial, cap)
    }
}
