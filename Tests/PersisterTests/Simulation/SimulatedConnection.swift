import Shared
import TestSupport

@testable import Persister

/// A connection of a simulated process to a simulated PostgreSQL. It knows the statements of the Persister, and no others.
///
/// Now and then it breaks: before a statement was received, or after, so that nobody knows whether a COMMIT was carried out.
final class SimulatedConnection: DatabaseConnection {
    let place = "simulated"
    private(set) var isUsable = true
    private let process: SimulatedProcess
    private let database: SimulatedDatabase
    private let session: SimulatedDatabase.Session
    /// How many of a thousand requests break it.
    private let breaks: UInt64
    private static let lockTimeout: Int64 = 10_000_000

    private var simulation: Simulation { process.simulation }

    init(of process: SimulatedProcess, to database: SimulatedDatabase, breaks: UInt64) throws(PostgresError) {
        self.process = process
        self.database = database
        self.breaks = breaks
        guard process.step(), process.isConnected, !database.isDown else {
            process.sleep(1_000_000)
            throw PostgresError(sqlState: .connectionFailure, message: "no server")
        }
        session = database.begin()
        process.lastWords.append { [weak self] in self?.hangUp() }
    }

    deinit {
        hangUp()
    }

    /// The server notices after a while that nobody is there any more.
    private func hangUp() {
        let (database, session) = (database, session)
        if session.isOver { return }
        simulation.after(simulation.number(below: simulation.chance(1, in: 10) ? 20_000_000 : 5_000)) {
            database.end(session)
        }
    }

    // MARK: - Statements

    func execute(_ statements: String) throws(PostgresError) -> Int {
        var affected = 0
        for statement in statements.split(separator: ";") {
            affected = try request("\(statement.drop { $0.isWhitespace })") { () throws(PostgresError) in
                try run("\(statement.drop { $0.isWhitespace })")
            }
        }
        return affected
    }

    func execute(_ statement: String, _ parameters: [String?]) throws(PostgresError) -> Int {
        try request(statement) { () throws(PostgresError) in
            if statement.hasPrefix("INSERT INTO processing_metadata") {
                let key = Self.position(parameters)
                try lock(key)
                guard database.row(key, for: session) == nil else { return 0 }
                write(Self.offset(parameters[3]), at: key)
                return 1
            }
            if statement.hasPrefix("UPDATE processing_metadata SET"), statement.contains(" next_offset = $5,"),
                statement.hasSuffix("AND next_offset = $4")
            {
                let key = Self.position(parameters)
                try lock(key)
                guard database.row(key, for: session) == Self.offset(parameters[3]) else { return 0 }
                write(Self.offset(parameters[4]), at: key)
                return 1
            }
            if statement.contains("INTO cryptocurrencies") || statement.contains("INTO quoted_pairs") { return 0 }
            throw unknown(statement)
        }
    }

    func query(_ statement: String, _ parameters: [String?]) throws(PostgresError) -> [[String?]] {
        var answer: [[String?]] = []
        _ = try request(statement) { () throws(PostgresError) in
            if statement.hasPrefix("SELECT current_setting") {
                answer = [["UTF8"]]
            } else if statement.hasPrefix("SELECT next_offset FROM processing_metadata") {
                let row = database.row(Self.position(parameters), for: session)
                answer = row.map { [$0.map { $0.map { String(decoding: $0, as: UTF8.self) } }] } ?? []
            } else {
                throw unknown(statement)
            }
            return answer.count
        }
        return answer
    }

    func copy(_ statements: String, rows: UnsafeRawBufferPointer) throws(PostgresError) {
        let parts = statements.split(separator: ";").map { String($0.drop { $0.isWhitespace }) }
        for statement in parts.dropLast() { _ = try execute(statement) }
        let copied = Self.rows(in: rows)
        _ = try request(parts.last ?? "") { () throws(PostgresError) in
            for table in SinkTable.allCases where parts.last == table.copyToStaging {
                session.staging[table.name, default: []] += copied
                return copied.count
            }
            for table in SinkTable.allCases where parts.last == table.copyIn {
                for row in copied {
                    let key = SimulatedDatabase.key(of: row, in: table)
                    try lock(key)
                    guard database.row(key, for: session) == nil else {
                        throw PostgresError(sqlState: .uniqueViolation, message: "duplicate key")
                    }
                    write(row, at: key)
                }
                return copied.count
            }
            throw unknown(parts.last ?? "")
        }
    }

    /// Runs a statement without parameters.
    private func run(_ statement: String) throws(PostgresError) -> Int {
        let words = statement.split(separator: " ").map(String.init)
        switch words.first {
        case "BEGIN": session.isOpen = true
        case "COMMIT": database.commit(session)
        case "ROLLBACK" where words.count == 1: database.rollBack(session)
        case "ROLLBACK": database.roll(session, backTo: words.last ?? "")
        case "SAVEPOINT":
            session.savepoints.append((words.last ?? "", session.written, session.staging))
        case "RELEASE":
            while let last = session.savepoints.popLast(), last.name != words.last {}
        case "TRUNCATE": session.staging[String(words.last?.dropFirst(8) ?? "")] = []
        case "SET", "CREATE": break
        default:
            guard let table = SinkTable.allCases.first(where: { $0.merge == statement }) else {
                throw unknown(statement)
            }
            return try merge(table)
        }
        return 0
    }

    private func merge(_ table: SinkTable) throws(PostgresError) -> Int {
        var rows = session.staging[table.name] ?? []
        let hasRevisions = table == .aggregates1m || table == .aggregatesSliding
        func revision(_ row: SimulatedDatabase.Row) -> Int64 {
            SimulatedDatabase.number("revision", of: row, in: table) ?? 0
        }
        if hasRevisions {
            var highest: [SimulatedDatabase.Key: SimulatedDatabase.Row] = [:]
            for row in rows {
                let key = SimulatedDatabase.key(of: row, in: table)
                if highest[key].map({ revision($0) < revision(row) }) ?? true { highest[key] = row }
            }
            rows = highest.values.sorted { "\($0)" < "\($1)" }
        }
        var changed = 0
        for row in rows {
            let key = SimulatedDatabase.key(of: row, in: table)
            try lock(key)
            if let present = database.row(key, for: session) {
                guard hasRevisions, revision(row) > revision(present) else { continue }
            }
            write(row, at: key)
            changed += 1
        }
        return changed
    }

    // MARK: - There and back

    /// One request: it may not arrive, and its answer may not.
    private func request(
        _ statement: String,
        _ body: () throws(PostgresError) -> Int
    ) throws(PostgresError) -> Int {
        guard process.step(), isUsable, process.isConnected, !database.isDown, !session.isOver else { throw lost() }
        session.lastHeard = simulation.now
        let isCommit = statement == "COMMIT"
        if simulation.random.chance(isCommit ? breaks * 5 : breaks, in: 1_000) {
            simulation.note("\(process.name): the connection breaks at \(statement.prefix(20))")
            switch simulation.number(below: 3) {
            case 0:
                if (try? body()) != nil, !session.isOpen { database.commit(session) }
            case 1 where isCommit:
                // Received, and carried out when the server comes to it.
                let (database, session) = (database, session)
                simulation.after(simulation.number(below: 8_000_000)) { database.commit(session) }
                simulation.after(8_000_000) { database.end(session) }
                process.sleep(1_000_000)
                isUsable = false
                throw lost()
            default: break
            }
            throw lost()
        }
        if session.hasFailed, !statement.hasPrefix("ROLLBACK"), !isCommit {
            throw PostgresError(sqlState: SQLState("25P02"), message: "the transaction is aborted")
        }
        let isAlone = !session.isOpen
        let result: Int
        do {
            result = try body()
            if isAlone, statement != "BEGIN" { database.commit(session) }
        } catch {
            if isAlone { database.rollBack(session) } else { session.hasFailed = true }
            throw error
        }
        guard process.step(), !session.isOver || isCommit else { throw lost() }
        return result
    }

    private func lock(_ key: SimulatedDatabase.Key) throws(PostgresError) {
        let began = simulation.now
        defer { session.waitsFor = nil }
        while let holder = database.lock(key, for: session) {
            session.waitsFor = holder
            session.lastHeard = simulation.now
            if simulation.now - began > 1_000_000, database.isDeadlocked(session) {
                throw PostgresError(sqlState: SQLState("40P01"), message: "deadlock detected")
            }
            if simulation.now - began > Self.lockTimeout {
                throw PostgresError(sqlState: SQLState("55P03"), message: "lock timeout")
            }
            guard process.sleep(10_000), !session.isOver else { throw lost() }
        }
    }

    private func write(_ row: SimulatedDatabase.Row, at key: SimulatedDatabase.Key) {
        session.written[key] = row
    }

    private func lost() -> PostgresError {
        if isUsable { hangUp() }
        isUsable = false
        return PostgresError(sqlState: .connectionFailure, message: "the connection is lost")
    }

    private func unknown(_ statement: String) -> PostgresError {
        PostgresError(sqlState: SQLState("42601"), message: "the model knows no such statement: \(statement)")
    }

    private static func position(_ parameters: [String?]) -> SimulatedDatabase.Key {
        SimulatedDatabase.key(
            of: TopicPartition(topic: parameters[1] ?? "", partition: Int32(parameters[2] ?? "") ?? 0)
        )
    }

    private static func offset(_ text: String?) -> SimulatedDatabase.Row {
        [text.map { Array($0.utf8) }]
    }

    /// Takes rows of the binary COPY format apart.
    private static func rows(in bytes: UnsafeRawBufferPointer) -> [SimulatedDatabase.Row] {
        var rows: [SimulatedDatabase.Row] = []
        var place = 0
        func number(_ count: Int) -> Int {
            defer { place += count }
            return bytes[place..<(place + count)].reduce(0) { $0 << 8 | Int($1) }
        }
        while place < bytes.count {
            rows.append(
                (0..<number(2)).map { _ in
                    let count = number(4)
                    if count == 0xFFFF_FFFF { return nil }
                    defer { place += count }
                    return Array(bytes[place..<(place + count)])
                }
            )
        }
        return rows
    }
}
