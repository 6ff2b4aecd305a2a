import Synchronization

/// A floating-point value: a gauge, or a counter of parts (seconds).
final class NumberCell: MetricCell {
    /// The bit pattern of the Double.
    private let bits = Atomic<UInt64>(0)

    var current: Double {
        Double(bitPattern: bits.load(ordering: .relaxed))
    }

    func set(_ value: Double) {
        bits.store(value.bitPattern, ordering: .relaxed)
    }

    func increment(by amount: Double) {
        var old = bits.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + amount).bitPattern
            let (exchanged, found) = bits.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
            if exchanged { return }
            old = found
        }
    }

    func render(name: String, labels: String, into text: inout String) {
        text += PrometheusText.sample(name: name, labels: labels, value: PrometheusText.number(current))
    }
}
