/// A share of all ticks, from 0 to 1, as chance decides it.
struct SimulatorShare: Sendable, Hashable, CustomStringConvertible {
    /// Not one.
    static let none = SimulatorShare(value: 0)

    /// From 0 to 1.
    let value: Double
    private let threshold: UInt64

    private init(value: Double) {
        self.value = value
        threshold = UInt64(value * 4_294_967_296)
    }

    /// Reads a setting's text; `nil` when it isn't a number from 0 to 1.
    init?(_ text: String) {
        guard let value = Double(text), (0...1).contains(value) else { return nil }
        self.init(value: value)
    }

    /// Whether it is more than nothing.
    var isSome: Bool { threshold > 0 }

    /// Whether a random number falls into it.
    func hits(_ random: UInt64) -> Bool { random >> 32 < threshold }

    /// The number.
    var description: String { "\(value)" }
}
