import ArgumentParser
import Glibc

/// Every benchmark there is: to add one, write it in a file of its own and put it here.
let benchmarks: [Benchmark] = [
    .json, .aggregatorCore, .aggregator, .ingestor, .ingestorWebSocket, .persister, .cacher, .cacherService,
    .cacherDeaths, .serve, .latency,
]

/// Runs one benchmark in this process, so that its peak memory is its own; `scripts/bench` runs one after the other.
@main
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures a part of Tickline next to what it is to be compared with, on the same data.",
        discussion: benchmarks.map { "\($0.name): \($0.summary)" }.joined(separator: "\n")
    )

    @Argument(help: "The benchmark to run.")
    var name: String?

    @Option(help: ArgumentHelp("Append one JSON object for each figure to this file.", valueName: "file"))
    var json: String?

    @Flag(help: "Print the names of all benchmarks, one a line.")
    var list = false

    func validate() throws {
        guard !list else { return }
        guard let name, benchmarks.contains(where: { $0.name == name }) else {
            throw ValidationError("name one of: \(benchmarks.map(\.name).joined(separator: ", "))")
        }
    }

    func run() throws {
        if list {
            for benchmark in benchmarks { print(benchmark.name) }
            return
        }
        for benchmark in benchmarks where benchmark.name == name {
            let report = Report(bench: benchmark.name)
            try benchmark.run(report)
            report.printTable()
            if let json { try report.append(to: json) }
        }
    }
}
