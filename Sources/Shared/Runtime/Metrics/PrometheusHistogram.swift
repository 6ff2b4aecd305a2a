/// How values are spread: a count for each bucket, and the sum. Times are in seconds.
public struct PrometheusHistogram: Sendable {
    /// Upper bounds for times, in seconds: 0.5 ms to 60 s.
    public static let seconds = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]

    private let cell: HistogramCell

    /// The histogram of this name and these labels; made when it is new.
    /// - Parameter buckets: The upper bounds, each included in its bucket; `+Inf` is added.
    public init(
        _ name: String,
        help: String,
        labels: [String: String] = [:],
        buckets: [Double] = seconds,
        registry: PrometheusRegistry = .shared
    ) {
        cell = registry.cell(name, kind: .histogram, help: help, labels: labels) { HistogramCell(bounds: buckets) }
    }

    /// Counts a value, as often as it was seen.
    public func observe(_ value: Double, count: Int = 1) {
        cell.observe(value, count: count)
    }

    /// Counts a time.
    public func observe(_ duration: Duration, count: Int = 1) {
        cell.observe(duration / .seconds(1), count: count)
    }
}
