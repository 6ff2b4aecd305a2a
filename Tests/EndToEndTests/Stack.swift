import Foundation
import Shared
import TestSupport

/// Everything the pipeline needs around it: a mock broker as a process or a real one, a database with the schema, a Redis,
/// and the environment that points the services at them.
final class Stack {
    let postgres: PostgresServer
    let database: String
    let redis: RedisServer
    let environment: [String: String]
    private let broker: ServiceProcess?

    /// The schema's folder in the checkout that these tests were built from.
    static let schema = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "schema").path

    /// Starts all of it.
    /// - Parameter address: of a real broker, which gets topics of its own; a mock is started without it.
    init(realBroker address: String? = nil) throws {
        postgres = try PostgresServer.shared.get()
        database = try postgres.makeDatabase()
        redis = try RedisServer()
        var kafka: [String: String]
        if let address {
            let settings = KafkaSettings(
                bootstrapServers: address,
                topicPrefix: "test-\(UInt32.random(in: .min ... .max))."
            )
            try KafkaTopics.create(
                Topic.allCases.map { NewTopic($0, prefix: settings.topicPrefix) },
                settings: settings
            )
            broker = nil
            // As in compose: the broker has to allow it.
            kafka = ["KAFKA_TOPIC_PREFIX": settings.topicPrefix]
            kafka["KAFKA_SESSION_TIMEOUT_MS"] =
                ProcessInfo.processInfo.environment["KAFKA_SESSION_TIMEOUT_MS"] ?? "3000"
            kafka["KAFKA_BOOTSTRAP_SERVERS"] = address
        } else {
            let mock = try ServiceProcess("localbroker")
            broker = mock
            // What it needs: its joins take the session timeout less a second, its empty fetches the wait.
            kafka = ["KAFKA_SESSION_TIMEOUT_MS": "6000", "KAFKA_FETCH_WAIT_MAX_MS": "10"]
            kafka["KAFKA_BOOTSTRAP_SERVERS"] = try mock.waitForLine(containing: "127.0.0.1:")
        }
        let others = ["POSTGRES_URL": database, "REDIS_URL": redis.url, "SCHEMA_DIR": Stack.schema]
        environment = kafka.merging(others) { $1 }
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
        try start(name, [], settings)
    }

    /// Starts one of the programs with arguments.
    func start(_ name: String, _ arguments: [String], _ settings: [String: String]) throws -> ServiceProcess {
        try ServiceProcess(name, arguments, environment: environment.merging(settings) { $1 })
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
