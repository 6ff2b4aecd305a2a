import Shared

/// Whether Redis answers, and what the next turn has to do about it: a plain value that is told what happened and when.
struct RedisAvailability {
    /// What a turn of the Cacher does.
    enum Turn: Equatable {
        /// Redis was heard lately: read and write.
        case work
        /// Not heard yet, not for long, or not since it went away: ask whether it is there.
        case ask
        /// It is away, and will be asked later: write nothing, keep the batch and the membership.
        case wait
    }

    private enum State {
        case unheard
        case answering(last: ContinuousClock.Instant)
        case away(next: ContinuousClock.Instant)
    }

    /// How long Redis may go unheard before it is asked whether it is there.
    static let idleLimit = Duration.seconds(2)

    /// Whether Redis has ever let us in.
    private(set) var wasHeard = false
    private var state = State.unheard
    private var backoff: Backoff

    /// Not heard yet.
    /// - Parameter cap: no pause between two attempts is longer. The Cacher is back within 5 s of Redis.
    init(cap: Duration = .seconds(4)) {
        backoff = Backoff(initial: .milliseconds(250), cap: cap, resetAfter: .seconds(60))
    }

    /// Whether the last attempt failed.
    var isAway: Bool {
        if case .away = state { true } else { false }
    }

    /// What to do now.
    func turn(at now: ContinuousClock.Instant) -> Turn {
        switch state {
        case .unheard: .ask
        case .answering(let last): last.duration(to: now) > Self.idleLimit ? .ask : .work
        case .away(let next): now < next ? .wait : .ask
        }
    }

    /// Redis answered a question. The row of delays goes on: a full Redis answers, and refuses every write.
    mutating func answered(at now: ContinuousClock.Instant) {
        wasHeard = true
        state = .answering(last: now)
    }

    /// Redis took a batch: the next failure is a new one.
    mutating func wrote(at now: ContinuousClock.Instant) {
        backoff.reset()
        wasHeard = true
        state = .answering(last: now)
    }

    /// Redis didn't answer, or refused for the moment.
    /// - Parameter random: anything from 0 to 1, for the jitter.
    /// - Returns: how long to leave it alone.
    mutating func failed(at now: ContinuousClock.Instant, random: Double) -> Duration {
        let delay = backoff.next(random: random)
        state = .away(next: now.advanced(by: delay))
        return delay
    }
}
