import ArgumentParser
import Shared

/// One end of the history that is read again: the first or last record there is, or a record's own time.
public enum ReprocessingBound: Sendable, Hashable, ExpressibleByArgument {
    /// The earliest record there is.
    case earliest
    /// Behind the latest record there is.
    case latest
    /// The first record that was produced at or after this time.
    case time(EventTime)

    /// Reads `earliest`, `latest`, or a time in RFC 3339.
    public init?(argument: String) {
        switch argument {
        case "earliest": self = .earliest
        case "latest": self = .latest
        default:
            guard let time = EventTime(argument) else { return nil }
            self = .time(time)
        }
    }
}

/// What is read again, and where to.
public struct ReprocessingRange: Sendable, Hashable {
    /// Where it starts.
    public var from: ReprocessingBound
    /// Where it ends; a record at this time is no longer part of it.
    public var until: ReprocessingBound
    /// Goes before the names of the topics that are written to.
    public var outputPrefix: String
}
