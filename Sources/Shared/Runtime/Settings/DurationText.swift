/// Spans of time as people write them in settings: a whole number and a unit of `ms`, `s`, `m` or `h`.
enum DurationText {
    /// The span of a text such as `250ms`; nil when it isn't one. A bare number has no meaning: the unit is needed.
    static func parse(_ text: String) -> Duration? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let count = Int64(digits), count <= 1_000_000_000_000 else { return nil }
        return switch text[digits.endIndex...] {
        case "ms": .milliseconds(count)
        case "s": .seconds(count)
        case "m": .seconds(count * 60)
        case "h": .seconds(count * 3600)
        default: nil
        }
    }
}
