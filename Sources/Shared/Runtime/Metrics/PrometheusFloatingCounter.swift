/// Counts parts of things, such as seconds; never goes down. Its name ends in `_total`.
public struct PrometheusFloatingCounter: Sendable {
    private let cell: NumberCell

    /// The counter of this name and these labels; made when it is new.
    public init(
        _ name: String,
        help: String,
        labels: [String: String] = [:],
        registry: PrometheusRegistry = .shared
    ) {
        cell = registry.cell(name, kind: .counter, help: help, labels: labels) { NumberCell() }
    }

    /// Adds to it; an amount that isn't positive adds nothing.
    public func increment(by amount: Double) {
        guard amount > 0 else { return }
        cell.increment(by: amount)
    }

    /// What it stands at.
    public var value: Double {
        cell.current
    }

    /// Takes over a total that something else counts (the kernel's CPU time).
    func set(total: Double) {
        cell.set(total)
    }
}
