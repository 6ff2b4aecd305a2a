/// What a live source could not bring while Kafka held it back. A file waits, so a replay misses nothing.
struct Missed: Sendable, Hashable {
    /// What is counted: the metric's label.
    enum Unit: String, Sendable, CaseIterable {
        /// Ticks that the simulator's rate called for.
        case ticks
        /// Rounds of polling.
        case rounds
    }

    /// How many.
    var count = 0
    /// Of what.
    var unit: Unit
}
