import Shared

/// The records that one transaction puts back, each once, however many dead letters it has. A pure value.
struct RequeueBatch: Sendable {
    /// A record on its way back, and the dead letters that it answers.
    struct Record: Sendable, Hashable {
        /// The dead letter that it is made from.
        fileprivate(set) var letter: StoredDeadLetter
        /// What that says of it.
        fileprivate(set) var refusal: StoredDeadLetter.Refusal
        /// Those whose dead letters it answers.
        fileprivate(set) var services: [String]
        /// How many dead letters that are.
        fileprivate(set) var letters = 1
    }

    private struct Source: Hashable {
        let place: TopicPartition
        let offset: Int64
    }

    /// So many records are put back at once.
    static let maximumRecords = 500
    /// So many bytes are, and one record more: what a broker takes within a fraction of a transaction's time.
    static let maximumBytes = 4 << 20

    /// The records, in the order of their first dead letters.
    private(set) var records: [Record] = []
    /// The bytes of their keys, values and headers.
    private(set) var byteCount = 0
    private var indexes: [Source: Int] = [:]

    /// Whether it is to be written before another record comes.
    var isFull: Bool {
        records.count >= Self.maximumRecords || byteCount >= Self.maximumBytes
    }

    /// Takes a dead letter of a record that it has already.
    /// - Returns: false when it has no such record.
    mutating func join(_ letter: StoredDeadLetter, _ refusal: StoredDeadLetter.Refusal) -> Bool {
        guard let index = indexes[Source(place: refusal.source, offset: refusal.offset)] else { return false }
        records[index].letters += 1
        if !records[index].services.contains(refusal.service) { records[index].services.append(refusal.service) }
        // A dead letter of a row that the database refused may have lost headers.
        if letter.headers.count > records[index].letter.headers.count {
            (records[index].letter, records[index].refusal) = (letter, refusal)
        }
        return true
    }

    /// Takes the first dead letter of a record.
    mutating func add(_ letter: StoredDeadLetter, _ refusal: StoredDeadLetter.Refusal) {
        indexes[Source(place: refusal.source, offset: refusal.offset)] = records.count
        records.append(Record(letter: letter, refusal: refusal, services: [refusal.service]))
        byteCount += (letter.key?.count ?? 0) + (letter.value?.count ?? 0)
        byteCount += letter.headers.reduce(256) { $0 + $1.byteCount }
    }

    /// Forgets what has been written.
    mutating func removeAll() {
        records.removeAll(keepingCapacity: true)
        indexes.removeAll(keepingCapacity: true)
        byteCount = 0
    }
}

extension RequeueBatch.Record {
    /// The headers of the record that is put back.
    /// - Parameter topic: the topic of the dead letters.
    func headers(from topic: String) -> [KafkaHeader] {
        let place = TopicPartition(topic: topic, partition: letter.place.partition)
        let before = letter.requeued?.count ?? 0
        let requeued = Requeued(
            from: "\(place)@\(letter.place.offset)",
            services: services,
            count: min(before, .max - 1) + 1
        )
        return requeued.headers(before: letter.headers)
    }

    /// The partition to write to; nil where the key says it. That is the partition that the record came from, or, when it
    /// stood in a wrong one, where it belongs.
    var partition: Int32? {
        letter.key == nil ? refusal.source.partition : nil
    }

    /// The mark that its dead letters were put back.
    var mark: RequeueMark {
        RequeueMark(source: refusal.source, offset: refusal.offset, services: services)
    }
}
