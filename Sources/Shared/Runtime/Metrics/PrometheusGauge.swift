/// A value that goes up and down.
public struct PrometheusGauge: Sendable {
    private let cell: NumberCell
    private let name: String
    private let labels: [String: String]
    private let registry: PrometheusRegistry

    /// The gauge of this name and these labels; made when it is new.
    public init(
        _ name: String,
        help: String,
        labels: [String: String] = [:],
        registry: PrometheusRegistry = .shared
    ) {
        cell = registry.cell(name, kind: .gauge, help: help, labels: labels) { NumberCell() }
        self.name = name
        self.labels = labels
        self.registry = registry
    }

    /// Shows it no longer, until one of its name and labels is made again: what somebody else has to tell now, a zero would
    /// tell wrong.
    public func remove() {
        registry.remove(name, labels: labels)
    }

    /// Sets it.
    public func set(_ value: Double) {
        cell.set(value)
    }

    /// Sets it.
    public func set(_ value: Int) {
        cell.set(Double(value))
    }

    /// Adds to it, or takes away.
    public func add(_ amount: Double) {
        cell.increment(by: amount)
    }

    /// What it stands at.
    public var value: Double {
        cell.current
    }
}
