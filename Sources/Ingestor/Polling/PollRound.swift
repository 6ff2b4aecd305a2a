import Shared

/// When each request of a round of polling is due. A value without a clock.
///
/// Each request has a state of its own: one that fails is tried again ever more rarely, and the others go on. Only while
/// none works they share a wait, so that a server in trouble is asked for one thing at a time.
struct PollRound: Sendable {
    /// How long a request that is refused is left alone; all of them, when it is the key.
    static let refusedWait: Duration = .seconds(300)

    private enum Health {
        case untried, works, fails
    }

    private struct State {
        var due: Duration = .zero
        var health = Health.untried
        var backoff = Backoff()
        /// Whether it has its turn in this round still before it.
        var isOpen = true
    }

    /// The requests of every round, in their order.
    let requests: [PollRequest]
    /// The time from a request that was answered to the same one in the next round.
    var interval: Duration
    /// How many rounds there was no time for, because whoever asks was held back.
    private(set) var missed = 0
    /// How many rounds are over: every request was answered or failed.
    private(set) var completed = 0
    private var states: [State]
    private var current = 0
    private var began: Duration = .zero
    /// Until when no request may go.
    private var held: Duration = .zero
    /// When the next question is expected.
    private var expected: Duration?
    private var lastAnswer: Duration = .zero
    private var serverBackoff = Backoff()
    private var limitBackoff = Backoff(initial: .seconds(30), cap: .seconds(600))

    /// Makes a schedule whose first round is due at once.
    /// - Parameters:
    ///   - requests: what to ask in each round.
    ///   - interval: above zero.
    init(requests: [PollRequest], interval: Duration) {
        self.requests = requests
        self.interval = interval
        states = requests.map { _ in State() }
    }

    /// How many requests failed when they were made last.
    var failing: Int { states.count { $0.health == .fails } }

    /// Whether a part of it works: one request at least, and one was answered in this round or the one before.
    func works(at now: Duration) -> Bool {
        states.contains { $0.health == .works } && now - lastAnswer <= interval * 2
    }

    /// How long nothing is due.
    /// - Parameters:
    ///   - now: the time since the process started, at which it is asked.
    ///   - least: what has to be waited for anyhow.
    /// - Returns: zero when ``begin(at:)`` has a request; `nil` when there will never be one.
    mutating func wait(at now: Duration, atLeast least: Duration) -> Duration? {
        if let expected, now - expected >= interval { missed += Int((now - expected) / interval) }
        guard let due = states.map(\.due).min() else { return nil }
        let wait = max(max(due, held) - now, least, .zero)
        expected = now + wait
        return wait
    }

    /// The request whose turn it is, which goes out now: one that works before one that doesn't, so that those that fail
    /// take no more than their share of the budget, and then the one that is due for longest.
    mutating func begin(at now: Duration) -> PollRequest? {
        let due = states.indices.filter { max(states[$0].due, held) <= now }
        let rank = { [states] (index: Int) in
            (states[index].health == .works ? 0 : 1, states[index].due, index)
        }
        guard let turn = due.min(by: { rank($0) < rank($1) }) else { return nil }
        current = turn
        began = now
        return requests[turn]
    }

    /// Notes that the request was answered with a page.
    /// - Parameters:
    ///   - isEmpty: an empty page ends its currencies: no later page holds anything.
    ///   - fresh: for how long nobody gets another answer.
    ///   - now: the time since the process started.
    /// - Returns: whether it, or all of them, had failed before.
    mutating func answered(isEmpty: Bool, fresh: Duration = .zero, at now: Duration) -> Bool {
        let hadFailed = states[current].health == .fails || serverBackoff.failures + limitBackoff.failures > 0
        serverBackoff.reset()
        limitBackoff.reset()
        let currencies = requests[current].vsCurrencies
        let rest = requests[current...].prefix { $0.vsCurrencies == currencies }.indices
        for index in isEmpty ? rest : current..<current + 1 {
            states[index] = State(due: max(began + interval, now + fresh), health: .works, isOpen: false)
        }
        lastAnswer = now
        close(at: now)
        return hadFailed
    }

    /// Notes that the request has to be made once more.
    /// - Parameters:
    ///   - failure: what it means.
    ///   - random: from 0 to 1, for the jitter.
    ///   - now: the time since the process started.
    /// - Returns: how long the same request waits.
    mutating func failed(_ failure: PollFailure, random: Double, at now: Duration) -> Duration {
        let asked = failure.retryAfter ?? .zero
        if failure.concernsAll {
            held = now + max(asked, failure.isLasting ? Self.refusedWait : limitBackoff.next(random: random))
            expected = now
            return held - now
        }
        let wait = failure.isLasting ? Self.refusedWait : states[current].backoff.next(random: random)
        states[current].health = .fails
        states[current].due = now + max(asked, wait)
        states[current].isOpen = false
        if !states.contains(where: { $0.health == .works }) {
            held = now + serverBackoff.next(random: random)
        }
        close(at: now)
        return max(states[current].due, held) - now
    }

    private mutating func close(at now: Duration) {
        expected = now
        guard !states.contains(where: \.isOpen) else { return }
        completed += 1
        for index in states.indices { states[index].isOpen = true }
    }
}
