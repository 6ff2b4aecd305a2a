/// What a request that brought no prices means for the next ones.
struct PollFailure: Sendable, Hashable {
    /// Whether no other request would fare better: a rate limit, a blocked address, a refused key.
    var concernsAll: Bool
    /// Whether only a person can change it.
    var isLasting: Bool
    /// How long the server asks to be left alone.
    var retryAfter: Duration?
}
