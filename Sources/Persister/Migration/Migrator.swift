import Shared

/// Brings the database to the schema of a folder: each step in a transaction together with its record, in order, once.
///
/// Two at once are safe: an advisory lock lets one work, the other waits and then finds nothing to do.
struct Migrator {
    /// Where a step stands.
    enum State: String, Sendable {
        /// It is in the database.
        case applied
        /// It will be applied.
        case pending
        /// It is not for this server; it is applied when the server becomes one it is for.
        case skipped = "not for this server"
    }

    /// A step and where it stands.
    struct Step: Sendable {
        /// The step.
        let file: MigrationFile
        /// Where it stands.
        let state: State
        /// When it was applied, as the database writes it.
        let appliedAt: String?
    }

    /// The ASCII bytes of `tickline`: the key of the advisory lock.
    private static let lock = 0x7469_636b_6c69_6e65

    let connection: PostgresConnection
    let files: [MigrationFile]

    /// Where every step stands, after the check that no applied step was changed or is missing.
    /// - Throws: ``MigrationError``, ``PostgresError``.
    func status() throws -> [Step] {
        let exists = try connection.query("SELECT to_regclass('schema_migrations')").first?.first ?? nil
        return try steps(records: exists == nil ? [:] : records(), edition: .ask(connection))
    }

    /// Applies every step that is pending.
    /// - Parameter progress: Told in words what happens.
    /// - Returns: how many steps were applied.
    /// - Throws: ``MigrationError`` or ``PostgresError``; the steps before the one that failed remain applied.
    @discardableResult
    func migrate(progress: (String) -> Void) throws -> Int {
        if try connection.query("SELECT pg_try_advisory_lock(\(Self.lock))") != [["t"]] {
            progress("another migration is running; waiting for it")
            _ = try connection.query("SELECT pg_advisory_lock(\(Self.lock))")
        }
        defer { _ = try? connection.query("SELECT pg_advisory_unlock(\(Self.lock))") }
        try installTimescale(progress)
        let edition = try ServerEdition.ask(connection)
        progress("\(edition)")
        try connection.execute(
            """
            CREATE TABLE IF NOT EXISTS schema_migrations (
                number integer PRIMARY KEY,
                file_name text NOT NULL,
                checksum text NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
            );
            COMMENT ON TABLE schema_migrations IS 'The steps of the schema that persister migrate has applied.';
            COMMENT ON COLUMN schema_migrations.number IS 'The number the file''s name begins with.';
            COMMENT ON COLUMN schema_migrations.file_name IS 'The file.';
            COMMENT ON COLUMN schema_migrations.checksum IS 'SHA-256 of the file: an applied file must not change.';
            COMMENT ON COLUMN schema_migrations.applied_at IS 'When it was applied.';
            """
        )
        var applied = 0
        for step in try steps(records: records(), edition: edition) {
            switch step.state {
            case .applied: continue
            case .skipped: progress("\(step.file.fileName): \(step.state.rawValue)")
            case .pending:
                let started = ContinuousClock.now
                try apply(step.file)
                applied += 1
                progress("\(step.file.fileName): applied in \(started.duration(to: .now) / .milliseconds(1)) ms")
            }
        }
        return applied
    }

    private func apply(_ file: MigrationFile) throws {
        do {
            try connection.execute("BEGIN")
            try connection.execute(file.sql)
            try connection.execute(
                "INSERT INTO schema_migrations (number, file_name, checksum) VALUES ($1, $2, \(Self.checksum("$3")))",
                ["\(file.number)", file.fileName, file.sql]
            )
            try connection.execute("COMMIT")
        } catch {
            guard error.disposition != .retry else { throw error }
            _ = try? connection.execute("ROLLBACK")
            throw MigrationError.failed(fileName: file.fileName, error: error.description)
        }
    }

    private func steps(records: [Int: [String?]], edition: ServerEdition) throws -> [Step] {
        let numbers = Set(files.map(\.number))
        if let stranger = records.filter({ !numbers.contains($0.key) }).max(by: { $0.key < $1.key }) {
            throw MigrationError.unknown(fileName: stranger.value[1] ?? "\(stranger.key)")
        }
        return try files.map { file in
            guard let record = records[file.number] else {
                let state: State = edition.meets(file.requirement) ? .pending : .skipped
                return Step(file: file, state: state, appliedAt: nil)
            }
            let checksum = try connection.query("SELECT \(Self.checksum("$1"))", [file.sql]).first?.first ?? nil
            guard record[1] == file.fileName, record[2] == checksum else {
                throw MigrationError.changed(fileName: file.fileName)
            }
            return Step(file: file, state: .applied, appliedAt: record[3])
        }
    }

    /// What has been applied, by number.
    private func records() throws(PostgresError) -> [Int: [String?]] {
        let rows = try connection.query("SELECT number, file_name, checksum, applied_at FROM schema_migrations")
        return rows.reduce(into: [:]) { records, row in
            if let number = row[0].flatMap({ Int($0) }) { records[number] = row }
        }
    }

    /// Creates the extension where the server offers it. Where it may not be used (the library isn't preloaded, no right
    /// to create it) the schema goes on as on plain PostgreSQL. To try without the library would cost the connection.
    private func installTimescale(_ progress: (String) -> Void) throws(PostgresError) {
        let offered = try connection.query(
            "SELECT \(ServerEdition.isTimescaleLoaded) FROM pg_available_extensions "
                + "WHERE name = 'timescaledb' AND installed_version IS NULL"
        )
        guard let isLoaded = offered.first?.first else { return }
        guard isLoaded == "t" else {
            return progress(
                "TimescaleDB is installed on the server but not loaded: to use it, add timescaledb to "
                    + "shared_preload_libraries and restart the server"
            )
        }
        do {
            try connection.execute("CREATE EXTENSION timescaledb")
        } catch {
            guard connection.isUsable else { throw error }
            progress("TimescaleDB is installed on the server but cannot be used: \(error)")
        }
    }

    private static func checksum(_ parameter: String) -> String {
        "encode(sha256(convert_to(\(parameter)::text, 'UTF8')), 'hex')"
    }
}
