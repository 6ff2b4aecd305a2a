import Foundation
import Shared
import TestSupport

/// Everything the pipeline needs around it: a mock broker as a process, a database with the schema, a Redis, and the
/// environment that points the services at them.
final class Stack {
    let postgres: PostgresServer
    let database: String
    let redis: RedisServer
    let environment: [String: String]
    private let broker: ServiceProcess

    /// The schema's folder in the checkout that these tests were built from.
    static let schema = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "schema").path

    init() throws {
        broker = try ServiceProcess("localbroker")
        let line = try broker.waitForLine(containing: "127.0.0.1:")
        postgres = try PostgresServer.shared.get()
        database = try postgres.makeDatabase()
        redis = try RedisServer()
        environment = [
            "KAFKA_BOOTSTRAP_SERVERS": line,
            // What the mock cluster needs: its joins take the session timeout less a second, its empty fetches the wait.
            "KAFKA_SESSION_TIMEOUT_MS": "6000",
            "KAFKA_FETCH_WAIT_MAX_MS": "10",
            "POSTGRES_URL": database,
            "REDIS_URL": redis.url,
            "SCHEMA_DIR": Stack.schema,
        ]
        let migration = try ServiceProcess.run("persister", ["migrate"], environment: environment)
        guard migration.code == 0 else {
            throw ServiceProcess.Failure(description: "the migration failed: \(migration.output)")
        }
    }

    deinit {
        postgres.dropDatabase(database)
    }

    /// Starts one of the services.
    func start(_ name: String, _ settings: [String: String] = [:]) throws -> ServiceProcess {
        try ServiceProcess(name, environment: environment.merging(settings) { $1 })
    }

    /// Asks the database with psql.
    func sql(_ query: String) throws -> String {
        try postgres.psql(query, on: database)
    }

    /// Asks the database for a number.
    func count(_ query: String) throws -> Int {
        Int(try sql(query)) ?? -1
    }
}
