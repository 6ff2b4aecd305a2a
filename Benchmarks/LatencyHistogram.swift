/// How long things took, counted in steps of 0.1 ms: a million a second cost no memory.
struct LatencyHistogram: Sendable {
    /// The longest that is told apart, in µs.
    private static let longest = 60_000_000
    private static let step = 100
    private var counts = [Int](repeating: 0, count: longest / step + 1)
    /// How many there are.
    private(set) var count = 0

    /// Counts a time in µs; one that is negative (two clocks) as 0.
    mutating func add(_ microseconds: Int) {
        counts[min(max(0, microseconds), Self.longest) / Self.step] += 1
        count += 1
    }

    /// Below which time, in ms, so large a part of all are; 1 for the longest.
    func milliseconds(_ part: Double) -> Double {
        let rank = max(1, Int((Double(count) * part).rounded(.up)))
        var seen = 0
        for (index, count) in counts.enumerated() {
            seen += count
            if seen >= rank { return Double((index + 1) * Self.step) / 1_000 }
        }
        return 0
    }
}
