import Foundation
import Shared
import TestSupport
import Testing

@testable import Persister

/// A database of one test, dropped when the test ends.
final class TestDatabase {
    let server: PostgresServer
    let text: String
    let url: PostgresURL

    /// An empty database, or one with the whole schema.
    init(on server: PostgresServer, migrated: Bool = true) throws {
        self.server = server
        text = try server.makeDatabase()
        url = try #require(PostgresURL(text))
        if migrated {
            try migrate(Self.schema())
        }
    }

    deinit {
        server.dropDatabase(text)
    }

    func connect() throws(PostgresError) -> PostgresConnection {
        try PostgresConnection(url)
    }

    /// Applies steps as `persister migrate` does: again after a failure that may pass, five times at most. On TimescaleDB, a
    /// policy's first run may get in the way of the step that drops what it works on.
    func migrate(_ files: [MigrationFile]) throws {
        for attempt in 1... {
            do {
                try Migrator(connection: connect(), files: files).migrate { _ in }
                return
            } catch let error as PostgresError where error.disposition == .retry && attempt < 5 {
                continue
            }
        }
    }

    /// Asks in plain SQL, with none of the Persister's code.
    func psql(_ sql: String) throws -> String {
        try server.psql(sql, on: text)
    }

    /// Lets a trigger refuse rows of `raw_price_data`.
    /// - Parameters:
    ///   - condition: About `NEW`.
    ///   - code: The SQLSTATE that it refuses them with.
    func refuse(_ condition: String, with code: String) throws {
        _ = try psql(
            """
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN IF \(condition) THEN RAISE 'refused' USING ERRCODE = '\(code)'; END IF; RETURN NEW; END $$;
            CREATE TRIGGER refuse BEFORE INSERT ON raw_price_data FOR EACH ROW EXECUTE FUNCTION refuse()
            """
        )
    }

    /// Runs every policy of the database now, as its scheduler would sooner or later.
    func runPolicies() throws {
        guard try psql("SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'") == "1" else { return }
        let jobs = try psql("SELECT job_id FROM timescaledb_information.jobs WHERE job_id >= 1000 ORDER BY 1")
        for job in jobs.split(separator: "\n") {
            _ = try psql("CALL run_job(\(job))")
        }
    }

    /// The checkout's schema folder.
    static var schemaFolder: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("schema").path
    }

    /// The steps of the checkout's schema.
    static func schema() throws -> [MigrationFile] {
        try SchemaDirectory.read(schemaFolder)
    }
}

extension BatchWriter {
    /// Writes a whole batch in one transaction.
    mutating func write(_ batch: Batch, deliver: ([DeadLetter]) throws -> Void) throws -> Result {
        try write(batch.whole, of: batch, deliver: deliver)
    }
}
