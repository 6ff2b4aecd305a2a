/// The id of an event: which run of the process sent it, and its number there.
struct StreamID: Hashable, CustomStringConvertible {
    /// A random number for each run: another run's numbers say nothing.
    var run: UInt32
    /// 1 for the first event.
    var number: UInt64

    /// An id.
    init(run: UInt32, number: UInt64) {
        (self.run, self.number) = (run, number)
    }

    /// Reads `run-number`, as ``description`` writes it; nil when it isn't that.
    init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let run = UInt32(parts[0], radix: 16), let number = UInt64(parts[1]) else { return nil }
        self.init(run: run, number: number)
    }

    /// Such as `9f86d081-42`.
    var description: String { "\(String(run, radix: 16))-\(number)" }
}
