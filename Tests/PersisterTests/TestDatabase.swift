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
