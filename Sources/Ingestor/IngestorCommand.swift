import ArgumentParser

/// The `ingestor` command.
public struct IngestorCommand: AsyncParsableCommand {
    /// Its name and help.
    public static let configuration = CommandConfiguration(commandName: "ingestor")

    /// Required by ArgumentParser.
    public init() {}

    /// Runs the service until it is asked to stop.
    public func run() async throws {}
}
