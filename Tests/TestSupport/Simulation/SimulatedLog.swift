import Shared

/// One partition of a simulated topic.
///
/// As Kafka does it (KIP-98): a record of a transaction is there for a reader of committed records once the transaction's marker
/// stands in this partition and says so; what lies behind the first record of a transaction that is still open (the last
/// stable offset) is not there yet, whosever it is. Markers take an offset.
public final class SimulatedLog {
    /// A record, or a transaction's marker.
    public struct Record {
        /// Its place.
        public var offset: Int64
        /// Its key.
        public var key: [UInt8]?
        /// nil is a tombstone.
        public var value: [UInt8]?
        /// Its headers.
        public var headers: [KafkaHeader] = []
        /// When it was written, in ms since the Unix epoch.
        public var time: Int64
        var transaction: SimulatedTransaction?
        var isMarker = false
    }

    /// Its name.
    public let name: TopicPartition
    /// In the order of their offsets.
    public private(set) var records: [Record] = []
    /// The offset of the next record.
    public private(set) var end: Int64 = 0
    /// Transactions with records here that have no marker here, with the first record of each.
    private var open: [(transaction: SimulatedTransaction, first: Int64)] = []

    init(_ name: TopicPartition) {
        self.name = name
    }

    /// The last stable offset.
    public var stableEnd: Int64 {
        open.reduce(end) { min($0, $1.first) }
    }

    /// The offset of the first record that is still there.
    public var start: Int64 { records.first?.offset ?? end }

    /// What a reader of committed records sees.
    public var committed: [Record] {
        let limit = stableEnd
        return records.filter { isVisible($0) && $0.offset < limit }
    }

    /// The place of the first record at or behind an offset.
    public func index(of offset: Int64) -> Int {
        var (low, high) = (0, records.count)
        while low < high {
            let middle = (low + high) / 2
            if records[middle].offset < offset { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Whether a record is there for a reader of committed records.
    public func isVisible(_ record: Record) -> Bool {
        if record.isMarker { return false }
        guard let transaction = record.transaction else { return true }
        return transaction.isCommitted == true && transaction.marked.contains(name)
    }

    func append(
        key: [UInt8]?,
        value: [UInt8]?,
        headers: [KafkaHeader] = [],
        time: Int64,
        transaction: SimulatedTransaction? = nil
    ) {
        if let transaction, !open.contains(where: { $0.transaction === transaction }) {
            open.append((transaction, end))
        }
        records.append(
            Record(offset: end, key: key, value: value, headers: headers, time: time, transaction: transaction)
        )
        end += 1
    }

    func mark(_ transaction: SimulatedTransaction, time: Int64) {
        transaction.marked.insert(name)
        open.removeAll { $0.transaction === transaction }
        records.append(Record(offset: end, key: nil, value: nil, time: time, transaction: transaction, isMarker: true))
        end += 1
    }

    /// Takes away what newer records of the same key have replaced; of what isn't stable yet nothing.
    func compact(keepsTombstones: Bool) {
        let limit = stableEnd
        var latest: [[UInt8]: Int64] = [:]
        for record in records where record.offset < limit && isVisible(record) {
            if let key = record.key { latest[key] = record.offset }
        }
        records.removeAll { record in
            guard record.offset < limit, !record.isMarker else { return false }
            guard isVisible(record), let key = record.key else { return true }
            return latest[key] != record.offset || record.value == nil && !keepsTombstones
        }
    }
}

/// A transaction as the broker knows it.
final class SimulatedTransaction {
    let epoch: Int
    let began: Int64
    /// The partitions that have records of it, or are to get its marker.
    var partitions: Set<TopicPartition> = []
    /// nil while it is open.
    var isCommitted: Bool?
    /// The partitions that have its marker.
    var marked: Set<TopicPartition> = []
    /// The groups' offsets that it brings.
    var offsets: [(group: String, offsets: [TopicPartition: Int64])] = []

    init(epoch: Int, began: Int64) {
        self.epoch = epoch
        self.began = began
    }
}
