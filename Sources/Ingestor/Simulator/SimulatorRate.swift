/// How many ticks a second the simulator makes, as `100`, `0.5` or `max` write it.
enum SimulatorRate: Sendable, Hashable, CustomStringConvertible {
    /// So many a second, over all coins.
    case perSecond(Double)
    /// As many as Kafka takes.
    case max

    /// Reads a setting's text; `nil` when it is none.
    init?(_ text: String) {
        if text == "max" {
            self = .max
            return
        }
        guard let rate = Double(text), rate.isFinite, rate >= 0.001, rate <= 10_000_000 else {
            return nil
        }
        self = .perSecond(rate)
    }

    /// The setting's text.
    var description: String {
        switch self {
        case .max: "max"
        case .perSecond(let rate): rate == rate.rounded() ? "\(Int(rate))" : "\(rate)"
        }
    }
}
