import ArgumentParser

/// The `localbroker` command: a Kafka broker for demos and tests, and the topics of a real one.
public struct LocalBrokerCommand: AsyncParsableCommand {
    /// Its name and help.
    public static let configuration = CommandConfiguration(
        commandName: "localbroker",
        abstract: "A Kafka broker in memory for demos and tests, and the suite's topics on a real one.",
        subcommands: [RunCommand.self, CreateTopicsCommand.self],
        defaultSubcommand: RunCommand.self
    )

    /// Required by ArgumentParser.
    public init() {}
}
