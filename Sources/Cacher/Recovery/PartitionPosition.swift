import Shared

/// How far Redis holds what a partition brought, and what of it has to be read again.
struct PartitionPosition: Sendable, Hashable {
    /// The partition.
    let place: TopicPartition
    /// The position's key in Redis.
    let key: String
    /// The partition's field in the hash of owners.
    let field: String
    /// What Redis was last known to hold; -1 for nothing; nil before it was asked.
    private(set) var stored: Int64?
    /// Everything before this offset is in Redis.
    private(set) var acknowledged: Int64 = 0
    /// Records before this offset were published before, and refused as dead letters.
    private(set) var handledTo: Int64 = 0
    /// Records before this offset are older than the refill: they are written and not published, as those before
    /// ``handledTo`` are.
    private(set) var silentTo: Int64 = 0
    /// The end that has to be reached for the refill to be over.
    private(set) var target: Int64?

    /// A partition whose position in Redis isn't known yet.
    init(_ place: TopicPartition, key: String, field: String? = nil) {
        self.place = place
        self.key = key
        self.field = field ?? "\(place.topic):\(place.partition)"
    }

    /// Decides where to start, when a partition is taken over.
    /// - Parameters:
    ///   - found: the position in Redis, if there is one.
    ///   - committed: the group's offset, if there is one: all before it was published once.
    ///   - available: what the broker has.
    ///   - beginning: where a Redis without data is filled from.
    /// - Returns: the first offset to read.
    mutating func start(found: Int64?, committed: Int64?, available: Range<Int64>, beginning: Int64) -> Int64 {
        let end = available.upperBound
        // What lies behind the end belongs to a topic that was created again since.
        let committed = committed.flatMap { $0 > end ? nil : $0 }
        guard let found else {
            stored = -1
            handledTo = committed ?? 0
            silentTo = committed ?? end
            target = end
            acknowledged = max(available.lowerBound, min(beginning, committed ?? beginning))
            return acknowledged
        }
        stored = found
        guard found <= end else {
            acknowledged = available.lowerBound
            return acknowledged
        }
        handledTo = max(found, committed ?? 0)
        silentTo = handledTo
        target = found < committed ?? 0 ? end : nil
        acknowledged = max(available.lowerBound, min(found, committed ?? available.lowerBound))
        return acknowledged
    }

    /// Decides from where to read again, when Redis is found to have lost data.
    /// - Parameters:
    ///   - found: the position in Redis, if there is one.
    ///   - next: the first offset that is new: all before it was published.
    ///   - available: what the broker has.
    ///   - beginning: where a Redis without data is filled from.
    /// - Returns: the first offset to read.
    mutating func restart(found: Int64?, next: Int64, available: Range<Int64>, beginning: Int64) -> Int64 {
        stored = found ?? -1
        handledTo = max(handledTo, next)
        silentTo = max(silentTo, next)
        target = max(target ?? 0, available.upperBound)
        acknowledged = max(available.lowerBound, min(found ?? beginning, next))
        return acknowledged
    }

    /// How it moves on with what was read up to `next`.
    func step(to next: Int64) -> PositionStep? {
        stored.map { PositionStep(key: key, atLeast: $0, next: next) }
    }

    /// Redis answered a step.
    /// - Parameter found: what it held before: -1 for nothing, -2 when a key of another type is in the way; that keeps no
    ///   position, and misses none.
    /// - Returns: false when it has lost data. Then the step wasn't made.
    mutating func moved(_ step: PositionStep, found: Int64) -> Bool {
        guard found == -2 || found >= step.atLeast else { return false }
        acknowledged = step.next
        stored = found == -2 ? -1 : step.next
        if acknowledged >= silentTo { passed() }
        return true
    }

    /// Whether Redis was asked.
    var isKnown: Bool { stored != nil }

    /// Whether what is read was read before, so that the group's offset stays where it is.
    var isReadAgain: Bool { acknowledged < silentTo }

    /// The end was reached.
    mutating func caughtUp() {
        target = nil
        passed()
    }

    /// Nothing old comes any more. The bounds have no say from now on: a topic may be created again.
    private mutating func passed() {
        handledTo = 0
        silentTo = 0
    }
}
