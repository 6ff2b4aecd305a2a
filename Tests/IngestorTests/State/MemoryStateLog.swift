import Synchronization

@testable import Ingestor

/// The records of `ingestor.state` in memory, in the order in which all readers see them.
final class MemoryLog: Sendable {
    private let stored = Mutex<[StateRecord]>([])

    /// All records so far.
    var records: [StateRecord] { stored.withLock { $0 } }

    /// Adds a record at the end.
    func append(_ record: StateRecord) {
        stored.withLock { $0.append(record) }
    }

    /// What is left when every key keeps its last record only, as Kafka's compaction leaves it.
    func compacted() -> MemoryLog {
        let log = MemoryLog()
        let all = records
        for (index, record) in all.enumerated() where !all[(index + 1)...].contains(where: { $0.key == record.key }) {
            log.append(record)
        }
        return log
    }
}

/// A process's view of them.
final class MemoryStateLog: StateLog {
    private(set) var table = StateTable()
    private let log: MemoryLog
    private var position = 0
    /// Called before a record of this process lands: what another one wrote a moment earlier.
    var interrupt: () -> Void = {}
    /// Thrown instead of writing.
    var failure: (any Error)?

    init(_ log: MemoryLog) {
        self.log = log
        take()
    }

    func catchUp() throws {
        take()
    }

    func write(_ record: StateRecord) throws {
        if let failure { throw failure }
        interrupt()
        log.append(record)
    }

    func append(_ record: StateRecord) throws -> Bool {
        try write(record)
        var counts = false
        for next in log.records[position...] {
            let applied = table.apply(next)
            if next == record { counts = counts || applied }
        }
        position = log.records.count
        return counts
    }

    private func take() {
        for record in log.records[position...] { table.apply(record) }
        position = log.records.count
    }
}
