import Shared

/// Writes parts of batches over one connection, each in one transaction with the position: all of it is there, or nothing.
struct BatchWriter {
    /// What a part, or a batch, came to.
    struct Result: Sendable, Equatable {
        /// Rows inserted or replaced.
        var rows = 0
        /// Rows that changed nothing, because they or newer ones were there.
        var conflicts = 0
        /// Records that the server refused.
        var refused = 0
        /// Records that went to the dead letters: those that can't be used, and those that the server refused, unless they
        /// were put back for others.
        var deadLetters = 0

        /// Adds what another part came to.
        mutating func add(_ other: Result) {
            rows += other.rows
            conflicts += other.conflicts
            refused += other.refused
            deadLetters += other.deadLetters
        }
    }

    /// The connection; it belongs to this writer.
    let connection: any DatabaseConnection
    private let positions: Positions
    private var store: RowStore

    /// Prepares a connection for writing: times after which a hanging transaction gives way, and staging tables.
    /// - Parameter statementTimeout: How long a statement may take; the server ends it then.
    /// - Throws: ``PostgresError``; without the schema, one that says how to get it.
    init(
        _ connection: any DatabaseConnection,
        statementTimeout: Duration = .seconds(30)
    ) throws(PostgresError) {
        self.connection = connection
        positions = Positions(connection: connection)
        store = RowStore(connection)
        // A writer whose network is cut must not hold its locks for the hours that TCP would allow.
        try connection.execute(
            """
            SET idle_in_transaction_session_timeout = '60s'; SET lock_timeout = '10s';
            SET statement_timeout = \(Int(statementTimeout / .milliseconds(1))); SET TimeZone = 'UTC'
            """
        )
        guard try connection.query("SELECT current_setting('server_encoding')", []) == [["UTF8"]] else {
            let message = "the database at \(connection.place) is not in UTF-8; create it with ENCODING 'UTF8'"
            throw PostgresError(sqlState: SQLState("0A000"), message: message)
        }
        try connection.execute(SinkTable.allCases.map(\.createStaging).joined(separator: ";"))
    }

    /// Whether a part is in the database already: after a COMMIT whose answer was lost nobody else knows.
    func isWritten(_ part: BatchPart, of batch: Batch) throws(PostgresError) -> Bool {
        try positions.read(batch.source) == part.offsets.upperBound
    }

    /// Writes a part of a batch.
    /// - Parameters:
    ///   - part: The part.
    ///   - batch: The batch.
    ///   - deliver: Sends dead letters and returns when they are acknowledged; called before the commit, so the position
    ///     never passes a record that is neither a row nor a dead letter.
    /// - Throws: ``Fenced``, ``TableRefusal``, ``PostgresError``, or what `deliver` throws; then nothing was written.
    mutating func write(
        _ part: BatchPart,
        of batch: Batch,
        deliver: ([DeadLetter]) throws -> Void
    ) throws -> Result {
        // The position moves from the one end of the part to the other: it must be this batch's.
        precondition(part.offsets.clamped(to: batch.whole.offsets) == part.offsets, "a part lies outside its batch")
        do {
            var refused: [RowStore.Refusal] = []
            var result = Result()
            try connection.execute("BEGIN")
            if !part.rows.isEmpty {
                result.rows = try store.write(batch, part.rows, refused: &refused)
                result.refused = refused.count
                result.conflicts = part.rows.count - refused.count - result.rows
            }
            if !refused.isEmpty { try store.makeSureOf(batch.table) }
            let refusedLetters = refused.compactMap { batch.deadLetter(row: $0.row, error: $0.error) }
            let coins = batch.coins(of: part, without: Set(refused.map { batch.offset(ofRow: $0.row) }))
            try CoinWriter.write(coins, over: connection)
            guard try positions.advance(over: part, of: batch, rows: result.rows) else {
                throw Fenced(partition: batch.source, expected: part.offsets.lowerBound)
            }
            let unusable = batch.unusable.filter { part.offsets.contains($0.offset) }
            let deadLetters = (unusable + refusedLetters).sorted { $0.offset < $1.offset }
            result.deadLetters = deadLetters.count
            if !deadLetters.isEmpty { try deliver(deadLetters) }
            try connection.execute("COMMIT")
            return result
        } catch {
            if connection.isUsable { _ = try? connection.execute("ROLLBACK") }
            throw error
        }
    }
}
