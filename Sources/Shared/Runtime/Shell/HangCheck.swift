/// Whether a thread hangs, judged by its heartbeat; a plain value, the times are passed in.
///
/// It adds up how long it has watched the same beat. The time between two checks counts at most ``longestGap``: a process that
/// was stopped, or a machine that slept, wakes with an old beat and is no worse for it.
struct HangCheck {
    /// The time without a beat from which on the thread hangs.
    let limit: Duration
    /// What one check adds at most.
    let longestGap: Duration
    private var lastBeat: Int64?
    private var lastCheck: Duration?
    private var silence = Duration.zero

    /// Nothing has been seen yet.
    init(limit: Duration, longestGap: Duration) {
        self.limit = limit
        self.longestGap = longestGap
    }

    /// Checks whether the thread hangs.
    /// - Parameters:
    ///   - beat: the last beat, whatever its unit; nil before the first, when there is no loop yet that could hang.
    ///   - now: the time since anything that stays the same.
    /// - Returns: whether the thread hangs.
    mutating func isHung(beat: Int64?, now: Duration) -> Bool {
        let gap = lastCheck.map { now - $0 } ?? .zero
        lastCheck = now
        guard let beat, beat == lastBeat else {
            lastBeat = beat
            silence = .zero
            return false
        }
        silence += min(max(gap, .zero), longestGap)
        return silence >= limit
    }
}
