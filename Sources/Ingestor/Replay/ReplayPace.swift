import Shared

/// When each tick of a replay is due. The first one is due at once and ties event time to the clock; a tick that is
/// older than the one before it is due at once too.
struct ReplayPace: Sendable {
    /// The longest single wait; whoever waits asks again. No arithmetic on a file's times can leave its range.
    static let longestWait: Duration = .seconds(3_600)

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
    /// - Returns: zero when it is due, ``longestWait`` at most.
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
        let waited = (uptime - anchor.uptime) / .seconds(1)
        let left = Double(passed) / 1e6 / factor - waited
        return .seconds(max(0, min(left, Self.longestWait / .seconds(1))))
    }
}
