import Shared

/// When each tick of a replay is due. The first one is due at once and ties event time to the clock; a tick that is
/// older than the one before it is due at once too.
struct ReplayPace: Sendable {
    /// How fast.
    let speed: ReplaySpeed
    private var anchor: (event: EventTime, uptime: Duration)?

    /// Makes a pace that has not begun.
    init(speed: ReplaySpeed) {
        self.speed = speed
    }

    /// How long a tick has still to wait.
    /// - Parameters:
    ///   - event: the tick's event time.
    ///   - uptime: the time since the process started.
    /// - Returns: zero when it is due.
    mutating func wait(for event: EventTime, at uptime: Duration) -> Duration {
        guard case .times(let factor) = speed else {
            return .zero
        }
        guard let anchor else {
            anchor = (event, uptime)
            return .zero
        }
        let (passed, overflow) = event.microseconds.subtractingReportingOverflow(anchor.event.microseconds)
        guard !overflow else {
            return .zero
        }
        let due = anchor.uptime + .seconds(Double(passed) / 1e6 / factor)
        return max(.zero, due - uptime)
    }
}
