import ArgumentParser

/// The `aggregator` command.
public struct AggregatorCommand: AsyncParsableCommand {
    /// Its name and help.
    public static let configuration = CommandConfiguration(commandName: "aggregator")

    /// Required by ArgumentParser.
    public init() {}

    /// Runs the service until it is asked to stop.
    public func run() async throws {}
}
