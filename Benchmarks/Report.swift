import Glibc
import Shared

/// Collects the figures of one benchmark, and writes them as a table and as JSON.
final class Report {
    private let bench: String
    private var figures: [Figure] = []

    init(bench: String) {
        self.bench = bench
    }

    /// Adds a figure.
    func add(_ figure: Figure) {
        figures.append(figure)
    }

    /// Adds a rate: `count` things in that time, and perhaps the same of a baseline.
    /// - Parameter clock: what the seconds are of; processor time suits only what one thread does without waiting, and
    ///   doesn't mind what else the machine is doing.
    func addRate(
        _ metric: String,
        of count: Int,
        in timing: Timing,
        by clock: Timing.Clock = .wall,
        baseline: (name: String, count: Int, timing: Timing)? = nil
    ) {
        add(
            Figure(
                metric: metric,
                value: Double(count) / timing.seconds(clock),
                baseline: baseline?.name,
                baselineValue: baseline.map { Double($0.count) / $0.timing.seconds(clock) },
                cpuSecondsPerMillion: timing.cpuSeconds / Double(count) * 1_000_000,
                peakRSSMegabytes: Timing.peakRSSMegabytes
            )
        )
    }

    /// Says that something wasn't measured, and why.
    func skip(_ why: String) {
        print("\(bench): skipped: \(why)")
    }

    /// Prints the figures as a table.
    func printTable() {
        var rows = [["bench", "metric", "value", "baseline", "baseline value", "ratio", "cpu s/million", "peak MiB"]]
        for figure in figures {
            rows.append([
                bench, figure.metric, Report.text(figure.value), figure.baseline ?? "-",
                Report.text(figure.baselineValue),
                Report.text(figure.ratio), Report.text(figure.cpuSecondsPerMillion),
                Report.text(figure.peakRSSMegabytes),
            ])
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        for row in rows {
            let cells = row.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return [0, 1, 3].contains(column) ? row[column] + padding : padding + row[column]
            }
            print(cells.joined(separator: "  "))
        }
    }

    /// Appends the figures to a file, one JSON object a line.
    func append(to path: String) throws {
        guard let file = fopen(path, "a") else { throw BenchmarkError("can't write to \(path)") }
        defer { fclose(file) }
        for figure in figures { fputs(figure.json(bench: bench) + "\n", file) }
    }

    private static func text(_ value: Double?) -> String {
        guard let value else { return "-" }
        if value.magnitude >= 1_000 { return "\(Int(value.rounded()))" }
        return "\((value * 1_000).rounded() / 1_000)"
    }
}

/// Why a benchmark couldn't run.
struct BenchmarkError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
