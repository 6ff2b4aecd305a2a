/// The types of the Prometheus text format that the suite uses.
enum MetricKind: String, Sendable {
    case counter
    case gauge
    case histogram
}
