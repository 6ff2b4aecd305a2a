import ArgumentParser
import Shared

/// The `ingestor` command.
public struct IngestorCommand: ServiceCommand {
    /// What the service is.
    public static let service = ServiceDescription(
        name: "ingestor",
        abstract:
            "Brings prices into the topic prices.raw: from CoinGecko, CoinPaprika, exchanges, a simulator or a file.",
        httpPort: 9101,
        settings: IngestorSettings.all + CoinGeckoSettings.all + CoinPaprikaSettings.all + ExchangeSettings.all
            + KafkaSettings.all
    )
    /// Its name and help.
    public static let configuration = commandConfiguration(subcommands: [BackfillCommand.self])

    /// The options every service has.
    @OptionGroup public var options: ServiceOptions

    /// Required by ArgumentParser.
    public init() {}

    /// Reads the settings and makes the pipeline.
    /// - Throws: ``SettingsError``.
    public static func start(_ reader: SettingsReader) throws -> (pipeline: any Pipeline, readiness: Readiness) {
        let readiness = Readiness("kafka", "source")
        let runtime = try RuntimeSettings(reader, httpPort: service.httpPort)
        let settings = try IngestorSettings(reader)
        let coinGecko = try CoinGeckoSettings(reader)
        let coinPaprika = try CoinPaprikaSettings(reader, for: settings)
        if coinGecko.apiKey != nil || coinPaprika.apiKey != nil { CoreDumps.forbid() }
        let pipeline = IngestorPipeline(
            settings: settings,
            coinGecko: coinGecko,
            coinPaprika: coinPaprika,
            exchanges: try ExchangeSettings(reader, for: settings),
            kafka: try KafkaSettings(reader, clientID: service.name),
            drainTimeout: runtime.shutdownTimeout * 0.8,
            readiness: readiness,
            metrics: IngestorMetrics()
        )
        return (pipeline, readiness)
    }
}
