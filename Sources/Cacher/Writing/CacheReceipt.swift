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
    /// False when Redis has lost data: then the batch is not all there, and no position moved on.
    public var isMade = true
    /// Of each position what Redis held before: -1 for nothing, -2 for a key of another type.
    var positions: [Int64] = []
    /// How long each transaction took, from its first byte to its last answer.
    public var roundTrips: [Duration] = []

    /// Makes a receipt for nothing.
    public init() {}
}

extension CacheReceipt.Count {
    /// Counts a script's answer; a value whose key is in the way is neither.
    mutating func add(_ answer: Int64) {
        if answer & 3 != 0 {
            written += 1
        } else if answer == 0 {
            older += 1
        }
    }

    /// What was written before was found as not newer now.
    fileprivate mutating func movedFromOlder(_ before: CacheReceipt.Count) {
        written += before.written
        older -= before.written
    }
}

extension CacheReceipt {
    /// Notes which keys are in the way.
    mutating func note(_ answer: Int64, hash: @autoclosure () -> String, set: @autoclosure () -> String) {
        if answer & CacheScript.hashInTheWay != 0 { keysInTheWay.append(hash()) }
        if answer & CacheScript.setInTheWay != 0 { keysInTheWay.append(set()) }
    }

    /// What a first attempt, of which this one repeats all, had written.
    mutating func movedFromOlder(_ before: CacheReceipt) {
        prices.movedFromOlder(before.prices)
        candles.movedFromOlder(before.candles)
        alerts.movedFromOlder(before.alerts)
        roundTrips = before.roundTrips + roundTrips
    }
}
