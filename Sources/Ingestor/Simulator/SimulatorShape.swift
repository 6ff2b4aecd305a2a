import Shared

/// How a simulator's rate changes with time: gaps in which nothing comes, and bursts. Both stand at the end of their period.
struct SimulatorShape: Sendable, Hashable {
    /// Something that comes again and again.
    struct Period: Sendable, Hashable {
        /// From the begin of one to the begin of the next, in microseconds.
        var every: Double
        /// How long it lasts, in microseconds.
        var length: Double
        /// By how much the rate is multiplied meanwhile.
        var factor: Double

        /// Reads `5m/10s` or, with a factor, `1m/5s/10x`; `nil` when it is none.
        init?(_ text: String, hasFactor: Bool) {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == (hasFactor ? 3 : 2), let every = TextDuration.microseconds(parts[0]),
                let length = TextDuration.microseconds(parts[1]), every >= 1_000_000, every <= 86_400_000_000,
                length >= 1_000, length < every
            else { return nil }
            var factor = 0.0
            if hasFactor {
                guard parts[2].hasSuffix("x"), let number = Double(parts[2].dropLast()), (1...1_000).contains(number)
                else { return nil }
                factor = number
            }
            (self.every, self.length, self.factor) = (Double(every), Double(length), factor)
        }

        /// Whether it is on, and until when that stays so.
        func state(at time: Double) -> (isOn: Bool, end: Double) {
            let begin = (time / every).rounded(.down) * every
            let on = begin + every - length
            if time < on { return (false, on) }
            // What rounding makes of a period's end belongs to the next one.
            return time < begin + every ? (true, begin + every) : (false, begin + 2 * every - length)
        }
    }

    /// When nothing comes.
    var gaps: Period?
    /// When more comes.
    var bursts: Period?

    /// The highest factor there is.
    var peak: Double { max(1, bursts?.factor ?? 1) }

    /// The rate's factor at a time in microseconds, and until when it stays so.
    func factor(at time: Double) -> (factor: Double, end: Double) {
        let gap = gaps?.state(at: time)
        if let gap, gap.isOn { return (0, gap.end) }
        let burst = bursts?.state(at: time)
        let end = min(gap?.end ?? .infinity, burst?.end ?? .infinity)
        return (burst?.isOn == true ? bursts?.factor ?? 1 : 1, end)
    }

    /// How long the plain rate takes for what comes between two times, all in microseconds.
    func work(from start: Double, to end: Double) -> Double {
        if gaps == nil, bursts == nil { return end - start }
        var (time, work) = (start, 0.0)
        while time < end {
            let (factor, until) = factor(at: time)
            let next = min(end, max(until, time + 1))
            work += (next - time) * factor
            time = next
        }
        return work
    }

    /// When so much work is done that begins at a time, all in microseconds.
    func time(after work: Double, from start: Double) -> Double {
        var (time, left) = (start, work)
        while true {
            let (factor, until) = factor(at: time)
            if factor > 0, time + left / factor <= until { return time + left / factor }
            left -= (until - time) * factor
            time = max(until, time + 1)
        }
    }
}
