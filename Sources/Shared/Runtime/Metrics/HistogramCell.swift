import Synchronization

/// A histogram: how many observations fell into each bucket, and their sum.
final class HistogramCell: MetricCell {
    /// The upper bounds, ascending, each included in its bucket; everything above the last is in `+Inf`.
    private let bounds: [Double]
    private let state: Mutex<State>

    private struct State {
        /// One for each bound and one for `+Inf`; not cumulative.
        var counts: [Int]
        var sum = 0.0
    }

    init(bounds: [Double]) {
        let sorted = Set(bounds.filter(\.isFinite)).sorted()
        self.bounds = sorted
        state = Mutex(State(counts: Array(repeating: 0, count: sorted.count + 1)))
    }

    /// Counts a value, as often as it was seen.
    func observe(_ value: Double, count: Int) {
        guard count > 0, !value.isNaN else { return }
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[bucket] += count
            state.sum += value * Double(count)
        }
    }

    func render(name: String, labels: String, into text: inout String) {
        let (counts, sum) = state.withLock { ($0.counts, $0.sum) }
        let separator = labels.isEmpty ? "" : ","
        var cumulative = 0
        for (index, count) in counts.enumerated() {
            cumulative += count
            let bound = index < bounds.count ? PrometheusText.number(bounds[index]) : "+Inf"
            text += PrometheusText.sample(
                name: name + "_bucket",
                labels: "\(labels)\(separator)le=\"\(bound)\"",
                value: String(cumulative)
            )
        }
        text += PrometheusText.sample(name: name + "_sum", labels: labels, value: PrometheusText.number(sum))
        text += PrometheusText.sample(name: name + "_count", labels: labels, value: String(cumulative))
    }
}
