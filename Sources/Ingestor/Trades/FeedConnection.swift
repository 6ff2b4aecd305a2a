import Shared

/// One connection to an exchange: when to connect, what to ask for, when it is dead. A pure value; times are of a clock that
/// never goes back.
struct FeedConnection: Sendable {
    /// What is to be done.
    enum Step: Sendable, Hashable {
        /// Connect.
        case connect
        /// Send this text.
        case send(String)
        /// End the connection: nothing has come for too long.
        case end(String)
    }

    private enum State: Sendable {
        case waiting(until: Duration)
        case connecting
        case open(since: Duration, heard: Duration)
        /// We have ended it; its close comes.
        case ending(since: Duration)
    }

    /// The products it carries.
    let products: Range<Int>
    private let limits: ExchangeLimits
    private var state = State.waiting(until: .zero)
    private var backoff = Backoff()
    private var unsent: [String] = []
    private var nextMessage = Duration.zero

    /// A connection that is to be made at once.
    init(products: Range<Int>, limits: ExchangeLimits) {
        self.products = products
        self.limits = limits
    }

    /// Whether it is open and everything was asked for.
    var isOpen: Bool {
        if case .open = state { return unsent.isEmpty }
        return false
    }

    /// What is to be done now; ask again until it is nil.
    /// - Parameter mayConnect: whether the exchange's limit allows an attempt now.
    mutating func next(at now: Duration, mayConnect: Bool) -> Step? {
        switch state {
        case .waiting(let until) where now >= until && mayConnect:
            state = .connecting
            return .connect
        case .open(let since, let heard) where limits.silence.map { now - heard >= $0 } ?? false:
            state = .ending(since: since)
            return .end("nothing came for \((now - heard).inSeconds)")
        case .open where !unsent.isEmpty && now >= nextMessage:
            nextMessage = now + limits.messageInterval
            return .send(unsent.removeFirst())
        default: return nil
        }
    }

    /// It is open.
    /// - Parameter messages: what asks for its products.
    mutating func opened(at now: Duration, asking messages: [String]) {
        guard case .connecting = state else { return }
        state = .open(since: now, heard: now)
        unsent = messages
        nextMessage = now
    }

    /// Something came.
    mutating func heard(at now: Duration) {
        if case .open(let since, _) = state { state = .open(since: since, heard: now) }
    }

    /// The exchange says that it is of no use any more.
    mutating func end() {
        if case .open(let since, _) = state { state = .ending(since: since) }
    }

    /// It is closed, or could not be opened.
    /// - Parameters:
    ///   - retryAfter: how long the exchange wants us to wait.
    ///   - random: from 0 to 1.
    /// - Returns: the wait until the next attempt.
    mutating func closed(at now: Duration, retryAfter: Duration?, random: Double) -> Duration {
        let healthyFor: Duration =
            switch state {
            case .open(let since, _), .ending(let since): now - since
            case .waiting, .connecting: .zero
            }
        unsent = []
        let wait = max(backoff.next(healthyFor: healthyFor, random: random), retryAfter ?? .zero)
        state = .waiting(until: now + wait)
        return wait
    }
}
