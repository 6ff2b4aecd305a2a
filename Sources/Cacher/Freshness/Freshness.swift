import Shared

/// How fresh Redis is: for each partition of ours how far it is read, how many records that were, and of when the newest is.
///
/// A pure value. Offsets can't be counts, because transactions leave markers between the records; so records are counted,
/// from the count that is stored in Redis on, and none below the stored offset. That makes a replay count nothing twice. The
/// entries are stored before the offsets are committed, so that nothing is left out either: who takes over never starts
/// beyond what was stored.
///
/// A topic that was created again starts below the stored offset as a replay does, but its end lies there too: then everything
/// counts, and the count goes on from the stored one. Should it have grown beyond the stored offset by the first look, its
/// records below that offset are left out, once.
///
/// Who lost a partition without knowing it may write an older entry once more. The owner's next one, a second later or five,
/// puts it right: this is only status.
struct Freshness: Sendable {
    private let topics: [String: Topic]
    private var partitions: [PartitionFreshness] = []
    private var indexes: [TopicPartition: Int] = [:]
    /// The partition of the last record: records come in runs of one.
    private var current = 0

    /// Begins without partitions.
    /// - Parameter topics: the topics by their names on the broker; the fields have their names without the prefix.
    init(topics: [String: Topic]) {
        self.topics = topics
    }

    /// These partitions are ours, and no others.
    mutating func assign(_ assigned: [TopicPartition]) {
        partitions = assigned.sorted().compactMap { place in
            topics[place.topic].map { PartitionFreshness(place, field: "\($0.rawValue):\(place.partition)") }
        }
        indexes = Dictionary(uniqueKeysWithValues: partitions.enumerated().map { ($1.place, $0) })
        current = 0
    }

    /// A record was handed out.
    /// - Parameter eventTime: its event time, if it has one that can be true.
    mutating func read(_ record: KafkaRecord, _ eventTime: EventTime?) {
        if current >= partitions.count || !record.isOf(partitions[current].place) {
            guard let index = indexes[record.topicPartition] else { return }
            current = index
        }
        partitions[current].read(record.offset, eventTime)
    }

    /// Everything that was handed out is being written.
    mutating func mark() {
        for index in partitions.indices { partitions[index].mark() }
    }

    /// Redis has everything that was handed out before the mark.
    mutating func acknowledge() {
        for index in partitions.indices { partitions[index].acknowledge() }
    }

    /// The fields that have to be read back before counting can go on.
    var unrestored: [String] {
        partitions.filter { !$0.isRestored }.map(\.field)
    }

    /// The fields that were asked for were read.
    /// - Parameters:
    ///   - stored: what stands in those fields; nil where there is nothing that can be read.
    ///   - positions: the first offsets that were not handed out yet.
    mutating func restore(_ stored: [String: FreshnessEntry], positions: [TopicPartition: Int64]) {
        for index in partitions.indices {
            guard let position = positions[partitions[index].place] else { continue }
            partitions[index].restore(stored[partitions[index].field], position: position)
        }
    }

    /// The lag of a partition was measured, see ``PartitionFreshness/measure(lag:end:)``.
    mutating func measure(_ place: TopicPartition, lag: Int64?, end: Int64?) {
        guard let index = indexes[place] else { return }
        partitions[index].measure(lag: lag, end: end)
    }

    /// The entries to write, by their fields: those that changed or are old.
    func due(at now: EventTime) -> [String: FreshnessEntry] {
        var entries: [String: FreshnessEntry] = [:]
        for partition in partitions { entries[partition.field] = partition.due(at: now) }
        return entries
    }

    /// Redis has these entries.
    mutating func wrote(_ entries: [String: FreshnessEntry]) {
        for index in partitions.indices {
            if let entry = entries[partitions[index].field] { partitions[index].wrote(entry) }
        }
    }
}
