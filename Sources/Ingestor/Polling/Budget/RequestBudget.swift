import Shared

/// The calls of this process alone, by a clock that never jumps: where the time of day does, the shared ledger is wrong,
/// and this one isn't. A value without a clock: the time is passed in as the time since the process started.
///
/// The minute is a sliding one: no 60 seconds hold more than the limit. The month is spread: after an opening burst of one
/// round, requests come at an even pace, and no 31 days hold more than the month's.
struct RequestBudget: Sendable {
    /// What is allowed.
    var limits: CallLimits
    /// When each request of the last minute went, oldest first.
    private var lastMinute: [Duration] = []
    /// When each request would have gone at an even pace.
    private var evenPace: Duration = .zero
    /// How many requests went.
    private(set) var spent = 0

    /// Makes an unspent budget.
    init(_ limits: CallLimits) {
        self.limits = limits
    }

    /// How long to wait before the next request.
    /// - Parameters:
    ///   - purpose: what it is for; only polls are spread over the month.
    ///   - now: the time since the process started.
    /// - Returns: zero when it may go at once.
    func wait(for purpose: CallPurpose = .poll, at now: Duration) -> Duration {
        var free = now
        let perMinute = limits.perMinute(for: purpose)
        if lastMinute.count >= perMinute {
            free = max(free, lastMinute[lastMinute.count - perMinute] + .seconds(60))
        }
        if purpose == .poll, limits.perMonth != nil {
            free = max(free, evenPace - limits.monthlyPace() * (limits.burst - 1))
        }
        return free - now
    }

    /// Notes that a request goes out.
    mutating func spend(for purpose: CallPurpose = .poll, at now: Duration) {
        lastMinute.removeAll { $0 <= now - .seconds(60) }
        lastMinute.append(now)
        if purpose == .poll { evenPace = max(evenPace, now) + limits.monthlyPace() }
        spent += 1
    }
}
