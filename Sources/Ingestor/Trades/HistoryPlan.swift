import Shared

/// Which product's history is asked next: one request at a time, products in turns, never more often than the exchange allows.
/// A pure value; times are of a clock that never goes back.
struct HistoryPlan: Sendable {
    /// How long a product isn't asked for again after a page that brought nothing: the history may lag behind the feed.
    static let lag: Duration = .seconds(1)

    private let interval: Duration
    private var nextRequest = Duration.zero
    /// The products that miss something, in the order of their turns.
    private var turns: [Int] = []
    private var asked: Int?
    private var lastAsked: [Int: Duration] = [:]
    private var notBefore: [Int: Duration] = [:]
    private var backoff = Backoff(cap: .seconds(15))

    /// - Parameter interval: the least time between two requests.
    init(interval: Duration) {
        self.interval = interval
    }

    /// The products that miss something.
    var missing: [Int] { turns }

    /// A product misses something.
    mutating func add(_ product: Int) {
        if !turns.contains(product) { turns.append(product) }
    }

    /// A product misses nothing any more.
    mutating func remove(_ product: Int) {
        turns.removeAll { $0 == product }
        lastAsked[product] = nil
        notBefore[product] = nil
    }

    /// Whether a product had its chance since then: it was asked for, or nothing can be asked.
    func hadChance(_ product: Int, since: Duration) -> Bool {
        backoff.failures > 0 || (lastAsked[product] ?? .zero) > since
    }

    /// The product to ask for now; nil while a request is under way or the limit doesn't allow one.
    /// - Parameter isDue: whether a product has waited long enough for its trades to come by themselves.
    mutating func next(at now: Duration, isDue: (Int) -> Bool) -> Int? {
        guard asked == nil, now >= nextRequest,
            let product = turns.first(where: { now >= notBefore[$0] ?? .zero && isDue($0) })
        else { return nil }
        remove(product)
        turns.append(product)
        asked = product
        lastAsked[product] = now
        nextRequest = now + interval
        return product
    }

    /// The answer came.
    /// - Parameter brought: whether it brought something that was missing.
    mutating func answered(at now: Duration, brought: Bool) {
        if let asked, !brought { notBefore[asked] = now + Self.lag }
        asked = nil
        backoff.reset()
    }

    /// There was no good answer.
    /// - Parameter retryAfter: how long the exchange wants us to wait.
    /// - Returns: the wait until the next request.
    mutating func failed(at now: Duration, retryAfter: Duration?, random: Double) -> Duration {
        asked = nil
        let wait = max(backoff.next(random: random), retryAfter ?? .zero)
        nextRequest = max(nextRequest, now + wait)
        return wait
    }
}
