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
    /// The keys that are of another type than ours, once for each value that would have been written there.
    public var keysInTheWay: [String] = []
    /// Of each position what Redis held before: -1 for nothing, -2 for a key of another type.
    var positions: [Int64] = []
    /// How long each round trip took.
    public var roundTrips: [Duration] = []

    /// Makes a receipt for nothing.
    public init() {}
}
