/// A value that goes up and down.
public struct PrometheusGauge: Sendable {
    private let cell: NumberCell

    /// The gauge of this name and these labels; made when it is new.
    public init(
        _ name: String,
        help: String,
        labels: [String: String] = [:],
        registry: PrometheusRegistry = .shared
    ) {
        cell = registry.cell(name, kind: .gauge, help: help, labels: labels) { NumberCell() }
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
