/// The decision about a tick, and what the alert rules need to know of it.
struct TickOutcome: Sendable {
    /// What became of the tick.
    var decision: TickDecision
    /// The number of its coin, if it was taken.
    var coin: Int?
    /// The number of its coin if it had none before, also where the tick was then refused.
    var newCoin: Int?
    /// The coin's largest event time before it, in microseconds; `.min` when there was none.
    var lastEventTime = Int64.min

    /// A tick that touched no coin.
    init(_ decision: TickDecision) {
        self.decision = decision
    }
}
