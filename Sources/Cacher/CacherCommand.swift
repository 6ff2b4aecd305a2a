import ArgumentParser

/// The `cacher` command.
public struct CacherCommand: AsyncParsableCommand {
    /// Its name and help.
    public static let configuration = CommandConfiguration(commandName: "cacher")

    /// Required by ArgumentParser.
    public init() {}

    /// Runs the service until it is asked to stop.
    public func run() async throws {}
}
