import Synchronization

/// A counter of whole things.
final class CounterCell: MetricCell {
    private let value = Atomic<Int64>(0)

    func increment(by amount: Int64) {
        guard amount > 0 else { return }
        value.wrappingAdd(amount, ordering: .relaxed)
    }

    var current: Int64 {
        value.load(ordering: .relaxed)
    }

    func render(name: String, labels: String, into text: inout String) {
        text += PrometheusText.sample(name: name, labels: labels, value: String(current))
    }
}
