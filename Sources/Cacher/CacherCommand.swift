import ArgumentParser
import Shared

/// The `cacher` command.
public struct CacherCommand: ServiceCommand {
    /// What the service is.
    public static let service = ServiceDescription(
        name: "cacher",
        abstract: "Keeps the latest price and candle of every coin in Redis, and publishes every change.",
        httpPort: 9104,
        settings: CacherSettings.all
    )

    /// Its name and help.
    public static let configuration = commandConfiguration(subcommands: [
        ServeCommand.self, GetCommand.self, TailCommand.self,
    ])

    /// The options that every service has.
    @OptionGroup public var options: ServiceOptions

    /// Required by ArgumentParser.
    public init() {}

    /// Reads the settings and makes the pipeline.
    /// - Throws: ``SettingsError``.
    public static func start(_ reader: SettingsReader) throws -> (pipeline: any Pipeline, readiness: Readiness) {
        let readiness = Readiness("kafka", "partitions", "redis", "cache")
        return (CacherPipeline(settings: try CacherSettings(reader), readiness: readiness), readiness)
    }
}
