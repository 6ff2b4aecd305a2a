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

    /// Where a replay writes to; without it the service runs.
    @Option(
        help: ArgumentHelp(
            "Compute history again into topics with this prefix, then end.",
            discussion: "The same input gives the same bytes. Windows still open at the end are marked partial.",
            valueName: "prefix"
        )
    )
    public var outputPrefix: String?

    /// Where a replay starts.
    @Option(help: ArgumentHelp("Where a replay starts: earliest, or a record time in RFC 3339.", valueName: "time"))
    public var from: ReprocessingBound?

    /// Where a replay ends.
    @Option(help: ArgumentHelp("Where a replay ends: latest, or a record time in RFC 3339.", valueName: "time"))
    public var until: ReprocessingBound?

    /// Required by ArgumentParser.
    public init() {}

    /// Checks that the options of a replay come together.
    public func validate() throws {
        if outputPrefix == nil, from != nil || until != nil {
            throw ValidationError("--from and --until belong to a replay, which needs --output-prefix")
        }
        if from == .latest {
            throw ValidationError("--from takes earliest or a record time: from latest there is nothing")
        }
        if until == .earliest {
            throw ValidationError("--until takes latest or a record time: until earliest there is nothing")
        }
        if case .time(let from) = from, case .time(let until) = until, until <= from {
            throw ValidationError("--until \(until) is not after --from \(from)")
        }
    }

    /// Reads the settings and makes the pipeline.
    public static func start(_ reader: SettingsReader) throws -> (pipeline: any Pipeline, readiness: Readiness) {
        let readiness = Readiness("kafka", "partitions", "clock")
        return (AggregatorPipeline(settings: try AggregatorSettings(reader), readiness: readiness), readiness)
    }

    /// Runs a replay if the options ask for one.
    public func runInstead(_ reader: SettingsReader) async throws -> Bool {
        guard let outputPrefix else { return false }
        let range = ReprocessingRange(from: from ?? .earliest, until: until ?? .latest, outputPrefix: outputPrefix)
        let replay = Reprocessing(settings: try AggregatorSettings(reader), range: range)
        let summary = try await DedicatedThread.run(name: "replay") { try replay.run() }
        print("replayed \(summary.records) records of \(summary.partitions) partitions")
        return true
    }
}
