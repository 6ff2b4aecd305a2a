/// One result of a benchmark.
struct Figure {
    /// What was measured, with its unit, for example `rows_per_s`.
    var metric: String
    /// How much of it there was.
    var value: Double
    /// What it is compared with, measured in the same run on the same data.
    var baseline: String?
    /// How much of it the baseline had.
    var baselineValue: Double?
    /// Processor time, of all threads, for a million of the things that were counted.
    var cpuSecondsPerMillion: Double?
    /// The largest resident memory of the process up to then, in MiB.
    var peakRSSMegabytes: Double?

    /// The value as a multiple of the baseline's.
    var ratio: Double? {
        guard let baselineValue, baselineValue != 0 else { return nil }
        return value / baselineValue
    }

    /// The figure as a JSON object; what isn't known is `null`.
    func json(bench: String) -> String {
        let fields: [(String, String)] = [
            ("bench", "\"\(bench)\""), ("metric", "\"\(metric)\""), ("value", Figure.json(value)),
            ("baseline", baseline.map { "\"\($0)\"" } ?? "null"), ("baseline_value", Figure.json(baselineValue)),
            ("ratio", Figure.json(ratio)), ("cpu_s_per_million", Figure.json(cpuSecondsPerMillion)),
            ("peak_rss_mb", Figure.json(peakRSSMegabytes)),
        ]
        return "{" + fields.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
    }

    /// A number with 4 significant digits after a large number's point, or `null`.
    private static func json(_ value: Double?) -> String {
        guard let value, value.isFinite else { return "null" }
        let rounded = value.magnitude < 1_000 ? (value * 10_000).rounded() / 10_000 : (value * 10).rounded() / 10
        return "\(rounded)"
    }
}
