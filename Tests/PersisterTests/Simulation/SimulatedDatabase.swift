import Shared
import TestSupport

@testable import Persister

/// A PostgreSQL for the Persister's statements: what they do at READ COMMITTED, on one server with `synchronous_commit`.
///
/// What it takes for granted of the real one; `DatabaseModelTests` let both do the same:
/// - a transaction's writes are seen by others at its COMMIT, all at once; a rollback, also to a savepoint, undoes them;
/// - who writes a row that a transaction in progress has written waits for its end, and then looks at the row again: so an
///   UPDATE finds the position that the other has committed, and an INSERT the row. Two that wait for each other are told;
/// - after an error a transaction takes nothing but a rollback;
/// - a connection that ends takes its transaction back, once the server notices; one that is idle in a transaction for
///   longer than `idle_in_transaction_session_timeout` is ended;
/// - a COMMIT that was received is carried out, whether or not anybody hears the answer.
///
/// `cryptocurrencies` and `quoted_pairs` are not kept: nothing rests on them.
final class SimulatedDatabase {
    /// A row's place: its table and its primary key.
    struct Key: Hashable {
        var table: String
        var fields: [[UInt8]]
    }

    /// A row's fields as COPY brings them; nil is NULL.
    typealias Row = [[UInt8]?]

    /// One connection on the server's side.
    final class Session {
        /// What its transaction has written; a position's only field is the offset.
        var written: [Key: Row] = [:]
        var staging: [String: [Row]] = [:]
        var savepoints: [(name: String, written: [Key: Row], staging: [String: [Row]])] = []
        var isOpen = false
        var hasFailed = false
        var isOver = false
        var lastHeard: Int64 = 0
        weak var waitsFor: Session?
    }

    let simulation: Simulation
    /// What is committed.
    private(set) var rows: [Key: Row] = [:]
    /// Until when the server is away.
    private var downUntil: Int64 = 0
    private var sessions: [Session] = []
    private var locks: [Key: Session] = [:]
    private static let idleTimeout: Int64 = 60_000_000
    /// The table of positions.
    static let positions = "processing_metadata"

    init(_ simulation: Simulation) {
        self.simulation = simulation
        look()
    }

    var isDown: Bool { downUntil > simulation.now }

    /// The position of a partition.
    func position(of partition: TopicPartition) -> Int64? {
        rows[Self.key(of: partition)]?.first.flatMap { $0 }.flatMap { Int64(String(decoding: $0, as: UTF8.self)) }
    }

    /// The rows of a table.
    func rows(of table: SinkTable) -> [Row] {
        rows.filter { $0.key.table == table.name }.map(\.value)
    }

    /// The server ends, and is back after a while.
    func restart(after duration: Int64) {
        simulation.note("PostgreSQL is away for \(duration / 1_000) ms")
        downUntil = simulation.now + duration
        for session in sessions { end(session) }
    }

    // MARK: - Sessions

    func begin() -> Session {
        let session = Session()
        session.lastHeard = simulation.now
        sessions.append(session)
        return session
    }

    /// Ends a session; what it had open is undone.
    func end(_ session: Session) {
        session.isOver = true
        rollBack(session)
        sessions.removeAll { $0 === session }
    }

    func commit(_ session: Session) {
        if !session.hasFailed { rows.merge(session.written) { $1 } }
        rollBack(session)
    }

    func rollBack(_ session: Session) {
        session.written = [:]
        session.staging = [:]
        session.savepoints = []
        session.isOpen = false
        session.hasFailed = false
        locks = locks.filter { $0.value !== session }
    }

    func roll(_ session: Session, backTo name: String) {
        while let last = session.savepoints.last, last.name != name { session.savepoints.removeLast() }
        guard let savepoint = session.savepoints.last else { return }
        session.written = savepoint.written
        session.staging = savepoint.staging
        session.hasFailed = false
        locks = locks.filter { $0.value !== session || session.written[$0.key] != nil }
    }

    // MARK: - Rows

    /// A row as a session sees it.
    func row(_ key: Key, for session: Session) -> Row? {
        session.written[key] ?? rows[key]
    }

    /// Takes the lock of a row.
    /// - Returns: the session that has it, if that is another.
    func lock(_ key: Key, for session: Session) -> Session? {
        if let holder = locks[key], holder !== session { return holder }
        locks[key] = session
        return nil
    }

    /// Whether a session waits for one that waits for it.
    func isDeadlocked(_ session: Session) -> Bool {
        var next = session.waitsFor
        for _ in 0..<sessions.count {
            if next === session { return true }
            next = next?.waitsFor
        }
        return false
    }

    static func key(of partition: TopicPartition) -> Key {
        Key(table: positions, fields: [Array(partition.topic.utf8), Array("\(partition.partition)".utf8)])
    }

    static func key(of row: Row, in table: SinkTable) -> Key {
        let places: [String] =
            switch table {
            case .rawPriceData: ["id", "\"timestamp\""]
            case .aggregates1m: ["coin_id", "vs_currency", "window_start"]
            case .aggregatesSliding: ["coin_id", "vs_currency", "window_kind", "window_start", "window_end"]
            case .alerts: ["alert_id"]
            case .alertRules: ["rule_id"]
            }
        return Key(table: table.name, fields: places.map { field($0, of: row, in: table) ?? [] })
    }

    /// A field of a row by its name.
    static func field(_ name: String, of row: Row, in table: SinkTable) -> [UInt8]? {
        table.columns.firstIndex(of: name).flatMap { row[$0] }
    }

    /// A field that is a whole number.
    static func number(_ name: String, of row: Row, in table: SinkTable) -> Int64? {
        field(name, of: row, in: table).map { bytes in
            bytes.reduce(bytes.first ?? 0 >= 0x80 ? -1 : 0) { $0 << 8 | Int64($1) }
        }
    }

    private func look() {
        simulation.after(1_000_000) { [weak self] in
            guard let self else { return }
            for session in sessions where session.isOpen && simulation.now - session.lastHeard > Self.idleTimeout {
                simulation.note("a session that is idle in its transaction is ended")
                end(session)
            }
            look()
        }
    }
}
