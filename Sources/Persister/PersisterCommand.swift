import ArgumentParser
import Shared

/// The `persister` command.
public struct PersisterCommand: ServiceCommand {
    /// What the service is.
    public static let service = ServiceDescription(
        name: "persister",
        abstract: "Writes ticks, windows and alerts from Kafka into PostgreSQL or TimescaleDB, each exactly once.",
        httpPort: 9103,
        settings: PersisterSettings.all
    )
    /// Its name and help.
    public static let configuration = commandConfiguration(subcommands: [MigrateCommand.self, DeadLettersCommand.self])

    /// `--check-config` and the like.
    @OptionGroup public var options: ServiceOptions

    /// Required by ArgumentParser.
    public init() {}

    /// Reads the settings and makes the pipeline.
    public static func start(_ reader: SettingsReader) throws -> (pipeline: any Pipeline, readiness: Readiness) {
        let conditions = PersisterPipeline.conditions
        let readiness = Readiness(conditions.kafka, conditions.partitions, conditions.postgres)
        return (PersisterPipeline(settings: try PersisterSettings(reader), readiness: readiness), readiness)
    }
}
