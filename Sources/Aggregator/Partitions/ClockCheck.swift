/// Notices that most ticks are too far ahead of this machine's clock: then it is probably the clock that is wrong, and
/// prices go to `prices.late` while everything else looks well.
///
/// A value without a clock: counts and instants are passed in.
struct ClockCheck: Sendable {
    /// What was seen last.
    enum Verdict: Sendable, Hashable {
        /// Most ticks are within the limit.
        case plausible
        /// Most ticks are ahead of the clock: how many of how many, and by how much at most, in microseconds.
        case ahead(count: Int, of: Int, most: Int64)
    }

    /// For how long ticks are counted before they are judged: half of the pause between two polls of a slow feed.
    static let interval = Duration.seconds(30)

    /// The last judgement.
    private(set) var verdict = Verdict.plausible
    private var began: ContinuousClock.Instant?
    private var ticks = 0
    private var ahead = 0
    private var most: Int64 = 0

    /// Counts ticks.
    mutating func add(_ counts: TickCounts) {
        ticks += counts.accepted + counts.revised + counts.unchanged + counts.late + counts.future
        ahead += counts.future
        most = max(most, counts.furthestAhead)
    }

    /// Judges what was counted if it was counted for long enough. Without ticks the last judgement stands.
    /// - Returns: whether there is a new judgement that differs in kind from the last one.
    mutating func judge(at now: ContinuousClock.Instant) -> Bool {
        guard let began else {
            self.began = now
            return false
        }
        guard began.duration(to: now) >= Self.interval, ticks > 0 else { return false }
        let wasPlausible = verdict == .plausible
        verdict = ahead * 2 > ticks ? .ahead(count: ahead, of: ticks, most: most) : .plausible
        self.began = now
        (ticks, ahead, most) = (0, 0, 0)
        return wasPlausible != (verdict == .plausible)
    }
}

extension ClockCheck.Verdict: CustomStringConvertible {
    /// One sentence.
    var description: String {
        switch self {
        case .plausible: "the ticks' times fit this machine's clock"
        case .ahead(let count, let ticks, let most):
            "\(count) of the last \(ticks) ticks are further ahead of this machine's clock than AGGREGATOR_FUTURE_LIMIT, by "
                + "up to \(most / 1_000_000) s, and go to prices.late: is the clock right?"
        }
    }
}
