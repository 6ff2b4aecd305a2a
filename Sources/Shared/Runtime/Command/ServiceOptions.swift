import ArgumentParser

/// The options every service command has.
public struct ServiceOptions: ParsableArguments {
    /// `--check-config`
    @Flag(help: "Check the settings, print their values and exit: 0 if they allow a start, 78 if not.")
    public var checkConfig = false

    /// `--settings-markdown`
    @Flag(help: "Print the settings as a Markdown table and exit.")
    public var settingsMarkdown = false

    /// Required by ArgumentParser.
    public init() {}
}
