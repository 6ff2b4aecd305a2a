/// Where a round of polling stands, and when the next one begins. A value without a clock.
struct PollRound: Sendable {
    /// The requests of every round, in their order.
    let requests: [MarketsRequest]
    /// The time from the start of one round to the start of the next.
    let interval: Duration
    /// The time between two rounds that the budget allows; the longer one of the two counts for what is missed.
    let pace: Duration
    /// How many rounds there was no time for, because whoever asks was held back.
    private(set) var missed = 0
    private var index = 0
    private var started: Duration?
    private var due: Duration = .zero

    /// Makes a schedule whose first round is due at once.
    /// - Parameters:
    ///   - requests: at least one.
    ///   - interval: above zero.
    ///   - pace: the shortest time between two rounds for good.
    init(requests: [MarketsRequest], interval: Duration, pace: Duration = .zero) {
        self.requests = requests
        self.interval = interval
        self.pace = max(interval, pace)
    }

    /// The request whose turn it is; `nil` when there are none at all.
    var request: MarketsRequest? {
        requests.indices.contains(index) ? requests[index] : nil
    }

    /// How long that request has still to wait.
    func wait(at now: Duration) -> Duration {
        max(.zero, due - now)
    }

    /// Notes that a request goes out.
    mutating func began(at now: Duration) {
        guard index == 0, started == nil else { return }
        if due > .zero, pace > .zero { missed += Int((now - due) / pace) }
        started = now
    }

    /// Notes that the request was answered with a page.
    /// - Parameters:
    ///   - isEmpty: an empty page ends the currency: no later page holds anything.
    ///   - now: the time since the process started.
    mutating func answered(isEmpty: Bool, at now: Duration) {
        let currency = requests[index].vsCurrency
        index += 1
        while isEmpty, index < requests.count, requests[index].vsCurrency == currency {
            index += 1
        }
        due = now
        if index >= requests.count {
            index = 0
            due = max(now, (started ?? now) + interval)
            started = nil
        }
    }

    /// Notes that the request has to be made once more.
    mutating func failed(wait: Duration, at now: Duration) {
        due = now + wait
    }
}
