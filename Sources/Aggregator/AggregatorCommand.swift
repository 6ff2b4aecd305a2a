import ArgumentParser
import Shared

/// The `aggregator` command.
public struct AggregatorCommand: ServiceCommand {
    /// What it is.
    public static let service = ServiceDescription(
        name: "aggregator",
        abstract: "Turns the ticks of prices.raw into event-time windows and alerts, exactly once.",
        httpPort: 9102,
        settings: AggregatorSettings.all
    )

    /// Its name, help and sub-commands.
    public static let configuration = commandConfiguration()

    /// The options that every service has.
    @OptionGroup public var options: ServiceOptions

    /// Required by ArgumentParser.
    public init() {}

    /// Reads the settings and makes the pipeline.
    public static func start(_ reader: SettingsReader) throws -> (pipeline: any Pipeline, readiness: Readiness) {
        let readiness = Readiness("kafka", "partitions")
        return (AggregatorPipeline(settings: try AggregatorSettings(reader), readiness: readiness), readiness)
    }
}
