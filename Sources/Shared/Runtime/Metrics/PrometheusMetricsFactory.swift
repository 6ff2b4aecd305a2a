import CoreMetrics
import Synchronization

/// swift-metrics' backend, for metrics of libraries; the suite's own are declared with help by the `Prometheus…` types.
struct PrometheusMetricsFactory: MetricsFactory {
    private let registry: PrometheusRegistry

    /// A factory whose metrics show up in the registry.
    init(registry: PrometheusRegistry = .shared) {
        self.registry = registry
    }

    /// Makes this the process's backend; the first call of a process counts.
    static func bootstrap() {
        bootstrapOnce.withLock { done in
            guard !done else { return }
            done = true
            MetricsSystem.bootstrap(PrometheusMetricsFactory())
        }
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        cell(label, .counter, dimensions, suffix: "_total") { CounterCell() }
    }

    func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        cell(label, .counter, dimensions, suffix: "_total") { NumberCell() }
    }

    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        cell(label, .gauge, dimensions) { NumberCell() }
    }

    func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        aggregate
            ? cell(label, .histogram, dimensions) { HistogramCell(bounds: PrometheusHistogram.seconds) }
            : cell(label, .gauge, dimensions) { NumberCell() }
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        cell(label, .histogram, dimensions, suffix: "_seconds") { HistogramCell(bounds: PrometheusHistogram.seconds) }
    }

    func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    /// A foreign name that is taken by another kind counts into a cell that nobody sees, rather than end the process.
    private func cell<Cell: MetricCell>(
        _ label: String,
        _ kind: MetricKind,
        _ dimensions: [(String, String)],
        suffix: String = "",
        make: () -> Cell
    ) -> Cell {
        let base = PrometheusText.name(from: label)
        let name = base.hasSuffix(suffix) ? base : base + suffix
        let pairs = dimensions.map { (PrometheusText.name(from: $0.0), $0.1) }
        let labels = Dictionary(pairs) { $1 }
        return registry.cell(name, kind: kind, help: "\(label), of a library.", labels: labels, make: make) ?? make()
    }

    private func remove(_ handler: any Sendable) {
        if let cell = handler as? any MetricCell {
            registry.remove(cell)
        }
    }
}

private let bootstrapOnce = Mutex(false)
