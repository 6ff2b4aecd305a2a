import Synchronization

/// The metrics of a process, by family, and their text for `/metrics`.
///
/// The same name and labels always yield the same value, so that a pipeline which is built anew counts on.
public final class PrometheusRegistry: Sendable {
    /// The registry of the process; tests make their own.
    public static let shared = PrometheusRegistry()

    private struct Family {
        let kind: MetricKind
        let help: String
        /// By rendered labels.
        var cells: [String: any MetricCell] = [:]
    }

    private let families = Mutex<[String: Family]>([:])
    private let collectors = Mutex<[@Sendable () -> Void]>([])

    /// A registry without metrics.
    public init() {}

    /// Calls a function before every rendering, for values that are read rather than counted.
    public func beforeRendering(_ collect: @escaping @Sendable () -> Void) {
        collectors.withLock { $0.append(collect) }
    }

    /// All metrics in the Prometheus text format; families by name, `# HELP` and `# TYPE` once each.
    public func render() -> String {
        for collect in collectors.withLock({ $0 }) {
            collect()
        }
        let families = self.families.withLock { $0 }
        var text = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            text += "# HELP \(name) \(PrometheusText.escapedHelp(family.help))\n"
            text += "# TYPE \(name) \(family.kind.rawValue)\n"
            for (labels, cell) in family.cells.sorted(by: { $0.key < $1.key }) {
                cell.render(name: name, labels: labels, into: &text)
            }
        }
        return text
    }

    /// Forgets the cell of a name and labels; the family stays.
    func remove(_ name: String, labels: [String: String]) {
        let key = PrometheusText.labels(labels)
        families.withLock { $0[name]?.cells[key] = nil }
    }

    /// The cell of a name and labels, made when it is new.
    func cell<Cell: MetricCell>(
        _ name: String,
        kind: MetricKind,
        help: String,
        labels: [String: String],
        make: () -> Cell
    ) -> Cell {
        precondition(PrometheusText.isName(name), "\(name) is not a metric name")
        precondition(labels.keys.allSatisfy(PrometheusText.isName), "\(name) has a label that is not a label name")
        precondition(!help.isEmpty, "\(name) has no help text")
        let key = PrometheusText.labels(labels)
        return families.withLock { families in
            var family = families[name] ?? Family(kind: kind, help: help)
            let existing = family.cells[key]
            guard family.kind == kind, existing == nil || existing is Cell else {
                preconditionFailure("the metric \(name) is declared twice, as different kinds")
            }
            if let cell = existing as? Cell { return cell }
            let cell = make()
            family.cells[key] = cell
            families[name] = family
            return cell
        }
    }
}
