import ArgumentParser

/// The `persister` command.
public struct PersisterCommand: AsyncParsableCommand {
    /// Its name and help.
    public static let configuration = CommandConfiguration(commandName: "persister")

    /// Required by ArgumentParser.
    public init() {}

    /// Runs the service until it is asked to stop.
    public func run() async throws {}
}
