/// How fast a file is replayed, as `1x`, `10x`, `0.5x` or `max` write it.
enum ReplaySpeed: Sendable, Hashable, CustomStringConvertible {
    /// So many times as fast as the events happened.
    case times(Double)
    /// As fast as Kafka takes it.
    case max

    /// The factors that are allowed: at the slowest a second of the file takes a quarter of an hour.
    static let factors = 0.001...1e6

    /// Reads a setting's text; `nil` when it is none.
    init?(_ text: String) {
        if text == "max" {
            self = .max
            return
        }
        guard text.hasSuffix("x"), let factor = Double(text.dropLast()), Self.factors.contains(factor) else {
            return nil
        }
        self = .times(factor)
    }

    /// The setting's text.
    var description: String {
        switch self {
        case .max: "max"
        case .times(let factor): factor == factor.rounded() ? "\(Int(factor))x" : "\(factor)x"
        }
    }
}
