import ArgumentParser
import Shared

/// The place of a dead letter in its topic, written `PARTITION@OFFSET`.
struct DeadLetterPlace: Sendable, Hashable {
    /// The partition.
    let partition: Int32
    /// The offset.
    let offset: Int64
}

extension DeadLetterPlace: Comparable {
    /// Orders by partition, then by offset.
    static func < (left: DeadLetterPlace, right: DeadLetterPlace) -> Bool {
        (left.partition, left.offset) < (right.partition, right.offset)
    }
}

extension DeadLetterPlace: CustomStringConvertible {
    /// `PARTITION@OFFSET`.
    var description: String { "\(partition)@\(offset)" }
}

extension DeadLetterPlace: ExpressibleByArgument {
    /// Reads `PARTITION@OFFSET`.
    init?(argument: String) {
        let parts = argument.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, let partition = Int32(parts[0]), let offset = Int64(parts[1]), partition >= 0,
            (0..<Int64.max).contains(offset)
        else { return nil }
        self.init(partition: partition, offset: offset)
    }
}
