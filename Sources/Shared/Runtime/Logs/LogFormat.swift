/// How a log line looks.
public enum LogFormat: String, Sendable, CaseIterable {
    /// Text if stderr is a terminal, JSON if not.
    case auto
    /// One JSON object a line.
    case json
    /// Time, level, service, message and metadata, for people.
    case text
}
