/// What a simulator's stream has wrong with it, by chance and from the seed: how much older than its turn a tick is, and
/// which ticks come again. It has random numbers of its own, so that the prices are the same with and without it.
struct SimulatorFaults: Sendable {
    /// Ticks that may come again: so many of the last ones.
    static let remembered = 64

    /// The share of ticks that are somewhat older than those before them.
    var disorder = SimulatorShare.none
    /// How much older at most, in microseconds.
    var disorderTime: Int64 = 0
    /// The share of ticks that are late.
    var late = SimulatorShare.none
    /// How late at least, in microseconds; at most twice that.
    var lateTime: Int64 = 0
    /// The share of ticks that are one of the last ones again.
    var duplicates = SimulatorShare.none

    private var random: SplitMix64

    /// No faults.
    init(seed: UInt64) {
        random = SplitMix64(seed: seed ^ 0xFA17_5EED_0000_0001)
    }

    /// Whether the next tick is one of the last ones again, and how far back it is.
    /// - Parameter count: how many are remembered.
    mutating func duplicate(of count: Int) -> Int? {
        guard duplicates.isSome, duplicates.hits(random.next()) else { return nil }
        let place = random.next()
        return count > 0 ? Int(place % UInt64(count)) : nil
    }

    /// How much older than its turn the next tick is, in microseconds.
    mutating func age() -> Int64 {
        if late.isSome, late.hits(random.next()) {
            return lateTime + Int64(random.next() % UInt64(max(1, lateTime)))
        }
        if disorder.isSome, disorder.hits(random.next()) {
            return 1 + Int64(random.next() % UInt64(max(1, disorderTime)))
        }
        return 0
    }
}
