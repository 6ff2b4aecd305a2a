import ArgumentParser
import Logging
import Shared

/// `persister migrate`: brings the database to the schema of this version, or says where it stands.
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Bring the database to the schema of this version.",
        discussion: "Safe to run again and from several places at once. It waits for a database that is not up yet."
    )

    @Flag(help: "Only say which steps are applied and which are not; exit 0 if none is pending, 1 otherwise.")
    var status = false

    @Option(help: "How long to wait for a database that cannot be reached, such as 500ms, 90s or 5m.")
    var wait = WaitTime(duration: .seconds(60))

    /// Connects and migrates.
    func run() async throws {
        let (reader, _) = try PersisterCommand.prepare()
        let settings = try MigrationSettings(reader)
        let (status, wait) = (status, wait.duration)
        let isDone = try await DedicatedThread.run(name: "migrate") {
            try Self.run(settings, onlyStatus: status, wait: wait)
        }
        if !isDone { throw ExitCode.fatal }
    }

    /// - Returns: false if it failed, or if steps are pending and only their status was asked for.
    private static func run(_ settings: MigrationSettings, onlyStatus: Bool, wait: Duration) throws -> Bool {
        let logger = Logger(label: "migrate")
        let deadline = ContinuousClock.now.advanced(by: wait)
        var backoff = Backoff(cap: .seconds(5))
        while true {
            do {
                let files = try SchemaDirectory.read(settings.schemaDirectory)
                let migrator = Migrator(connection: try PostgresConnection(settings.url), files: files)
                guard onlyStatus else {
                    let applied = try migrator.migrate { logger.info("\($0)") }
                    logger.info(applied == 0 ? "the schema is up to date" : "\(applied) steps applied")
                    return true
                }
                let steps = try migrator.status()
                for step in steps {
                    print("\(step.file.fileName)\t\(step.state.rawValue)\t\(step.appliedAt ?? "")")
                }
                return steps.allSatisfy { $0.state != .pending }
            } catch {
                let mayPass = (error as? any ClassifiedError)?.disposition == .retry
                guard mayPass, ContinuousClock.now < deadline else {
                    logger.critical("\(error)")
                    return false
                }
                logger.warning("trying again: \(error)")
                StopSignal().sleep(for: backoff.next(random: .random(in: 0..<1)))
            }
        }
    }
}
