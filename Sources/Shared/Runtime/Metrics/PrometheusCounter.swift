/// Counts whole things; never goes down. Its name ends in `_total`.
public struct PrometheusCounter: Sendable {
    private let cell: CounterCell

    /// The counter of this name and these labels; made when it is new.
    public init(
        _ name: String,
        help: String,
        labels: [String: String] = [:],
        registry: PrometheusRegistry = .shared
    ) {
        cell = registry.cell(name, kind: .counter, help: help, labels: labels) { CounterCell() }
    }

    /// Adds to it; an amount that isn't positive adds nothing.
    public func increment(by amount: Int = 1) {
        cell.increment(by: Int64(amount))
    }

    /// What it stands at.
    public var value: Int {
        Int(cell.current)
    }
}
