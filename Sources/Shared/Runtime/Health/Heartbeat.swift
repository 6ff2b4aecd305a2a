import Synchronization

/// The last sign of life of a pipeline's thread, for `/healthz` and the ``Watchdog``. Costs one clock read and one atomic store a beat.
public final class Heartbeat: Sendable {
    private let started = ContinuousClock.now
    /// Nanoseconds from `started` to the last beat; -1 before the first.
    private let last = Atomic<Int64>(-1)

    init() {}

    /// Says that the loop made a turn.
    public func beat() {
        let elapsed = started.duration(to: .now)
        last.store(Int64(elapsed / .nanoseconds(1)), ordering: .relaxed)
    }

    /// When the last beat was, as nanoseconds of a clock of its own; nil before the first.
    var lastBeat: Int64? {
        let nanoseconds = last.load(ordering: .relaxed)
        return nanoseconds >= 0 ? nanoseconds : nil
    }

    /// The time since the last beat; zero before the first, when there is no loop yet that could hang.
    public var age: Duration {
        lastBeat.map { max(.zero, started.duration(to: .now) - .nanoseconds($0)) } ?? .zero
    }
}
