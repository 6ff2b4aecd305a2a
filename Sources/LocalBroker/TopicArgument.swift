import ArgumentParser
import Shared

/// A topic on the command line: `name` or `name:partitions`.
struct TopicArgument: Sendable, Hashable {
    let name: String
    let partitions: Int

    /// Reads a comma-separated list.
    /// - Throws: a `ValidationError` that names the part that isn't `name` or `name:partitions`.
    static func list(_ text: String) throws -> [TopicArgument] {
        try text.split(separator: ",").map { part in
            let pieces = part.split(separator: ":", omittingEmptySubsequences: false)
            let partitions = pieces.count == 2 ? Int(pieces[1]) : 3
            guard pieces.count <= 2, !pieces[0].isEmpty, let partitions, (1...1_000).contains(partitions) else {
                throw ValidationError("'\(part)' is not NAME or NAME:PARTITIONS (1 to 1000)")
            }
            return TopicArgument(name: String(pieces[0]), partitions: partitions)
        }
    }

    /// Every topic of the suite, three partitions each.
    static func suite(prefix: String) -> [TopicArgument] {
        Topic.allCases.map { TopicArgument(name: $0.name(prefix: prefix), partitions: 3) }
    }
}
