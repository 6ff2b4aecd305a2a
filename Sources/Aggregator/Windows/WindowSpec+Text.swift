import Shared

extension WindowSpec: CustomStringConvertible {
    /// As it stands in the settings: `tumbling:1m`, `sliding:5m/1m`.
    public var description: String {
        let length = TextDuration.text(microseconds: size)
        return kind == .tumbling
            ? "\(kind.rawValue):\(length)"
            : "\(kind.rawValue):\(length)/\(TextDuration.text(microseconds: slide))"
    }

    /// Reads what `description` writes; nil when the text is something else.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let kind = PriceAggregate.Window(rawValue: String(parts[0])) else { return nil }
        let lengths = parts[1].split(separator: "/", omittingEmptySubsequences: false)
            .map { TextDuration.microseconds($0) }
        switch (kind, lengths.count) {
        case (.tumbling, 1):
            guard let size = lengths[0] else { return nil }
            self = .tumbling(size)
        case (.sliding, 2):
            guard let size = lengths[0], let slide = lengths[1] else { return nil }
            self = .sliding(size, every: slide)
        default: return nil
        }
    }
}
