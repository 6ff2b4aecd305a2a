import Shared

/// How far Redis holds what our partitions brought: for those topics whose records are written there. A pure value.
///
/// A position lies in Redis, beside the keys, and is written behind them. So whatever happens to Redis, it is never ahead of
/// them: where it is missing, or less than was written, everything from there on is read again. Values know which of two
/// is newer, so reading again harms nothing.
struct Positions: Sendable {
    private let topics: [String: Topic]
    private let keys: CacheKeys
    private(set) var partitions: [PartitionPosition] = []
    private var indexes: [TopicPartition: Int] = [:]
    /// The partition of the last record: records come in runs of one.
    private var current = 0

    /// The topics whose records are written into Redis.
    static let kept: Set<Topic> = [.raw, .aggregates1m, .aggregatesSliding, .alerts]

    /// What to do with a record.
    enum Use: Sendable, Hashable {
        /// Where to start isn't known yet: it comes again.
        case leave
        /// It was handled before: it is written and not published, and nobody hears again that it can't be used.
        case again
        /// It is older than the refill: written and not published.
        case old
        /// It is new.
        case new
    }

    /// Begins without partitions.
    /// - Parameter topics: the topics by their names on the broker.
    init(topics: [String: Topic], keys: CacheKeys) {
        self.topics = topics.filter { Self.kept.contains($0.value) }
        self.keys = keys
    }

    /// These partitions are ours, and no others.
    mutating func assign(_ assigned: [TopicPartition]) {
        partitions = assigned.sorted().compactMap { place in
            topics[place.topic].map {
                PartitionPosition(
                    place,
                    key: keys.position($0, place.partition),
                    field: "\($0.rawValue):\(place.partition)"
                )
            }
        }
        indexes = Dictionary(uniqueKeysWithValues: partitions.enumerated().map { ($1.place, $0) })
        current = 0
    }

    /// What to do with a record.
    mutating func use(of record: KafkaRecord) -> Use {
        if current >= partitions.count || !record.isOf(partitions[current].place) {
            guard let index = indexes[record.topicPartition] else { return .new }
            current = index
        }
        if partitions[current].stored == nil { return .leave }
        if record.offset < partitions[current].handledTo { return .again }
        return record.offset < partitions[current].silentTo ? .old : .new
    }

    /// The partitions whose position in Redis isn't known yet.
    var unknown: [PartitionPosition] {
        partitions.filter { $0.stored == nil }
    }

    /// The partitions that are being refilled.
    var refilling: [PartitionPosition] {
        partitions.filter { $0.target != nil }
    }

    /// The position of a partition, if there is one.
    subscript(place: TopicPartition) -> PartitionPosition? {
        get { indexes[place].map { partitions[$0] } }
        set {
            guard let index = indexes[place], let newValue else { return }
            partitions[index] = newValue
        }
    }

    /// Of steps that were not made, and what Redis holds instead, those whose data is lost.
    static func lost(_ steps: [PositionStep], found: [Int64]) -> (steps: [PositionStep], found: [Int64]) {
        let lost = zip(steps, found).filter { $1 != -2 && $1 < $0.atLeast }
        return (lost.map(\.0), lost.map(\.1))
    }

    /// How the positions move on when Redis has everything that was handed out.
    /// - Parameter next: the first offsets that were not handed out yet.
    func steps(to next: [TopicPartition: Int64]) -> [PositionStep] {
        partitions.compactMap { partition in
            guard let next = next[partition.place], next != partition.acknowledged else { return nil }
            return partition.step(to: next)
        }
    }

    /// Steps that lead nowhere: whether Redis still has what it had.
    var check: [PositionStep] {
        partitions.compactMap { $0.step(to: $0.acknowledged) }
    }

    /// Redis answered steps.
    /// - Returns: the partitions of which it has lost data, with what it held: -1 for nothing.
    mutating func moved(_ steps: [PositionStep], found: [Int64]) -> [(place: TopicPartition, found: Int64)] {
        var lost: [(place: TopicPartition, found: Int64)] = []
        var index = 0
        // The steps are in the order of the partitions.
        for (step, found) in zip(steps, found) {
            while index < partitions.count, partitions[index].key != step.key { index += 1 }
            guard index < partitions.count else { break }
            if !partitions[index].moved(step, found: found) { lost.append((partitions[index].place, found)) }
        }
        return lost
    }
}
