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
            try Migrator(connection: connect(), files: Self.schema()).migrate { _ in }
        }
    }

    deinit {
        server.dropDatabase(text)
    }

    func connect() throws(PostgresError) -> PostgresConnection {
        try PostgresConnection(url)
    }

    /// Asks with psql, which shares no code with the Persister.
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
