import ArgumentParser

/// The `localbroker` command.
public struct LocalBrokerCommand: AsyncParsableCommand {
    /// Its name and help.
    public static let configuration = CommandConfiguration(commandName: "localbroker")

    /// Required by ArgumentParser.
    public init() {}

    /// Runs the service until it is asked to stop.
    public func run() async throws {}
}
