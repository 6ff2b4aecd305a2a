/// What Redis did with a batch.
public struct CacheReceipt: Sendable, Hashable {
    /// What happened to one kind of value.
    public struct Count: Sendable, Hashable {
        /// How many were written and published.
        public var written = 0
        /// How many were left out because the key held one at least as new.
        public var older = 0
    }

    /// Latest prices.
    public var prices = Count()
    /// Latest candles.
    public var candles = Count()
    /// Alerts.
    public var alerts = Count()
    /// How long each round trip took.
    public var roundTrips: [Duration] = []

    /// Makes a receipt for nothing.
    public init() {}
}
