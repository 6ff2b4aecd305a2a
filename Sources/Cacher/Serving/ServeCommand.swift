import ArgumentParser
import Shared

/// `cacher serve`: the API and the page.
public struct ServeCommand: ServiceCommand {
    /// What the service is.
    public static let service = ServiceDescription(
        name: "cacher-serve",
        abstract:
            "Serves what Redis holds: a page with the market, an API, and a stream of every change.",
        httpPort: 9105,
        settings: ServeSettings.all
    )

    /// Its name and help.
    public static let configuration = commandConfiguration(named: "serve")

    /// The options that every service has.
    @OptionGroup public var options: ServiceOptions

    /// Required by ArgumentParser.
    public init() {}

    /// Reads the settings and makes the pipeline.
    /// - Throws: ``SettingsError``.
    public static func start(_ reader: SettingsReader) throws -> (pipeline: any Pipeline, readiness: Readiness) {
        let readiness = Readiness("redis")
        return (ServePipeline(settings: try ServeSettings(reader), readiness: readiness), readiness)
    }
}
