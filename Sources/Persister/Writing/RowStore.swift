import Shared

/// Stores rows of a batch by the quickest way that works, within a transaction that is open, and finds those that the
/// server refuses.
struct RowStore {
    /// A row that the server refuses.
    struct Refusal {
        /// Its place in the batch.
        let row: Int
        /// Why.
        let error: PostgresError
    }

    /// After a row that was there already, this many batches are merged before a plain COPY is tried again: a topic that
    /// is read once more then pays for one failed COPY in a hundred batches.
    private static let batchesMergedAfterConflict = 100

    /// How many rows are looked at in one go for those that the server refuses: what lies behind a refused row was sent
    /// in vain, and each go costs a round trip.
    private static let rowsPerSearch = 2_000

    private let connection: any DatabaseConnection
    private var batchesToMerge = 0

    /// Stores over a connection that has the staging tables.
    init(_ connection: any DatabaseConnection) {
        self.connection = connection
    }

    /// Stores rows of a batch.
    /// - Parameter refused: gets the rows that the server refuses, in no order; all others are in.
    /// - Returns: how many rows were inserted or replaced.
    mutating func write(
        _ batch: Batch,
        _ all: Range<Int>,
        refused: inout [Refusal]
    ) throws(PostgresError) -> Int {
        guard batch.table.isAppendOnly, batchesToMerge == 0 else {
            batchesToMerge = max(0, batchesToMerge - 1)
            return try merge(batch, all, of: all, refused: &refused)
        }
        // Without a staging table, a third faster. Rows and position are one transaction, so in the ordinary run none of
        // these rows can be there; when one is after all, or one is refused, the batch takes another way.
        guard let error = try copyStraight(batch, [all]) else { return all.count }
        if batchesToMerge == 0, let guilty = try findRefused(in: batch, all, after: error) {
            if try copyStraight(batch, Self.gaps(in: all, around: guilty.map(\.row))) == nil {
                refused += guilty
                return all.count - guilty.count
            }
        }
        return try merge(batch, all, of: all, refused: &refused)
    }

    /// Finds every row that the server refuses, by way of the staging table, which refuses what the table would and is
    /// quicker. COPY takes rows in order, so those before the one that it names are good and aren't tried again.
    /// - Parameter error: Why the whole batch was refused.
    /// - Returns: nil if the server names no row: then only halving finds it.
    private func findRefused(
        in batch: Batch,
        _ all: Range<Int>,
        after error: PostgresError
    ) throws(PostgresError) -> [Refusal]? {
        try connection.execute("SAVEPOINT search")
        var guilty: [Refusal] = []
        var start = all.lowerBound
        var refusal: PostgresError? = error
        while true {
            if let error = refusal {
                guard let row = error.row else { break }
                guilty.append(Refusal(row: start + row, error: error))
                start += row + 1
            }
            guard start < all.upperBound else { break }
            let end = min(start + Self.rowsPerSearch, all.upperBound)
            refusal = try attempt("part") { () throws(PostgresError) in
                try copy(batch, start..<end, by: batch.table.copyToStaging)
            }
            if refusal == nil { start = end }
        }
        try connection.execute("ROLLBACK TO SAVEPOINT search")
        return refusal == nil || refusal?.row != nil ? guilty : nil
    }

    /// Does something that the server may refuse for its data.
    /// - Returns: why it was refused; then it is undone.
    private func attempt(
        _ savepoint: String,
        _ body: () throws(PostgresError) -> Void
    ) throws(PostgresError) -> PostgresError? {
        do {
            try connection.execute("SAVEPOINT \(savepoint)")
            try body()
            return nil
        } catch {
            guard error.disposition == .badData else { throw error }
            try connection.execute("ROLLBACK TO SAVEPOINT \(savepoint)")
            return error
        }
    }

    /// Copies rows straight into the table.
    /// - Returns: why one of them is refused, or that it is there already; then none of them is in.
    private mutating func copyStraight(_ batch: Batch, _ ranges: [Range<Int>]) throws(PostgresError) -> PostgresError? {
        let refusal = try attempt("straight") { () throws(PostgresError) in
            for range in ranges { try copy(batch, range, by: batch.table.copyIn) }
        }
        if refusal?.sqlState == .uniqueViolation { batchesToMerge = Self.batchesMergedAfterConflict }
        return refusal
    }

    /// Stores rows by way of the staging table. Where the server refuses a row, the range is split: at the row that the
    /// server names, in halves if it names none, until the guilty rows stand alone.
    private func merge(
        _ batch: Batch,
        _ range: Range<Int>,
        of all: Range<Int>,
        refused: inout [Refusal]
    ) throws(PostgresError) -> Int {
        do {
            try copy(batch, range, by: "SAVEPOINT part; \(batch.table.copyToStaging)")
            let changed = try connection.execute(batch.table.merge)
            if range != all {
                try connection.execute("RELEASE SAVEPOINT part; TRUNCATE staging_\(batch.table.name)")
            }
            return changed
        } catch {
            guard error.disposition == .badData else { throw error }
            try connection.execute("ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part")
            guard range.count > 1 else {
                refused.append(Refusal(row: range.lowerBound, error: error))
                return 0
            }
            var changed = 0
            for part in Self.split(range, at: error.row) where !part.isEmpty {
                changed += try merge(batch, part, of: all, refused: &refused)
            }
            return changed
        }
    }

    /// What is left of a range without some of its rows, in order.
    /// - Parameter rows: The rows to leave out, in order.
    static func gaps(in range: Range<Int>, around rows: [Int]) -> [Range<Int>] {
        let starts = [range.lowerBound] + rows.map { $0 + 1 }
        let ends = rows + [range.upperBound]
        return zip(starts, ends).map { $0..<$1 }.filter { !$0.isEmpty }
    }

    /// The parts that a refused range is tried in next; each is smaller than the range.
    /// - Parameter row: The row of the range, from 0, that the server named.
    static func split(_ range: Range<Int>, at row: Int?) -> [Range<Int>] {
        guard let row, row < range.count else {
            let middle = range.lowerBound + range.count / 2
            return [range.lowerBound..<middle, middle..<range.upperBound]
        }
        let guilty = range.lowerBound + row
        return [range.lowerBound..<guilty, guilty..<(guilty + 1), (guilty + 1)..<range.upperBound]
    }

    private func copy(_ batch: Batch, _ range: Range<Int>, by statements: String) throws(PostgresError) {
        try batch.withRows(range) { bytes throws(PostgresError) in
            try connection.copy(statements, rows: bytes)
        }
    }

    /// Sees whether a table takes a row that is surely good, before others are blamed for being refused.
    func makeSureOf(_ table: SinkTable) throws {
        let control = ControlRow.batch(for: table, now: .now())
        let refusal = try attempt("control") { () throws(PostgresError) in
            try copy(control, 0..<control.rowCount, by: table.copyToStaging)
            try connection.execute(table.merge)
        }
        if let refusal { throw TableRefusal(table: table, error: refusal) }
        try connection.execute("ROLLBACK TO SAVEPOINT control")
    }
}
