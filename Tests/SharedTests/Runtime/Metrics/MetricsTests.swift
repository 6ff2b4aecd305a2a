import Foundation
import Testing

@testable import Shared

@Suite("Prometheus metrics")
struct MetricsTests {
    /// A registry with something of every kind, and with the odd values.
    private func everyKind() -> PrometheusRegistry {
        let registry = PrometheusRegistry()
        let rows = PrometheusCounter(
            "tickline_test_rows_total",
            help: "Rows, with a \\ and a\nline feed.",
            labels: ["table": "a \"b\" \\ c\nd", "kind": "tick"],
            registry: registry
        )
        rows.increment(by: 3)
        PrometheusCounter("tickline_test_rows_total", help: "Again.", labels: ["table": "other"], registry: registry)
            .increment()
        PrometheusFloatingCounter("tickline_test_busy_seconds_total", help: "Time.", registry: registry)
            .increment(by: 0.125)
        PrometheusGauge("tickline_test_lag_seconds", help: "Lag.", registry: registry).set(-1.5e-7)
        PrometheusGauge("tickline_test_limit_bytes", help: "Limit.", registry: registry).set(.infinity)
        let latency = PrometheusHistogram(
            "tickline_test_write_seconds",
            help: "Writes.",
            labels: ["target": "x"],
            buckets: [0.1, 0.01, 1],
            registry: registry
        )
        latency.observe(0.01)
        latency.observe(.milliseconds(50), count: 2)
        latency.observe(30.0)
        return registry
    }

    @Test("the text has one HELP and TYPE a family, escaped labels, and cumulative buckets")
    func text() {
        #expect(
            everyKind().render() == #"""
                # HELP tickline_test_busy_seconds_total Time.
                # TYPE tickline_test_busy_seconds_total counter
                tickline_test_busy_seconds_total 0.125
                # HELP tickline_test_lag_seconds Lag.
                # TYPE tickline_test_lag_seconds gauge
                tickline_test_lag_seconds -1.5e-07
                # HELP tickline_test_limit_bytes Limit.
                # TYPE tickline_test_limit_bytes gauge
                tickline_test_limit_bytes +Inf
                # HELP tickline_test_rows_total Rows, with a \\ and a\nline feed.
                # TYPE tickline_test_rows_total counter
                tickline_test_rows_total{kind="tick",table="a \"b\" \\ c\nd"} 3
                tickline_test_rows_total{table="other"} 1
                # HELP tickline_test_write_seconds Writes.
                # TYPE tickline_test_write_seconds histogram
                tickline_test_write_seconds_bucket{target="x",le="0.01"} 1
                tickline_test_write_seconds_bucket{target="x",le="0.1"} 3
                tickline_test_write_seconds_bucket{target="x",le="1"} 3
                tickline_test_write_seconds_bucket{target="x",le="+Inf"} 4
                tickline_test_write_seconds_sum{target="x"} 30.11
                tickline_test_write_seconds_count{target="x"} 4

                """#
        )
    }

    @Test("a gauge that was removed is shown no longer, and can come back")
    func removed() {
        let registry = PrometheusRegistry()
        func lag(_ partition: Int) -> PrometheusGauge {
            PrometheusGauge("lag", help: "Lag.", labels: ["partition": "\(partition)"], registry: registry)
        }
        let first = lag(0)
        first.set(5)
        lag(1).set(7)
        first.remove()
        first.set(6)
        #expect(registry.render() == "# HELP lag Lag.\n# TYPE lag gauge\nlag{partition=\"1\"} 7\n")
        lag(0).set(8)
        #expect(registry.render().contains("lag{partition=\"0\"} 8\n"))
        first.remove()
        lag(1).remove()
        #expect(registry.render() == "# HELP lag Lag.\n# TYPE lag gauge\n")
    }

    @Test("the same name and labels are the same value, in whatever order the labels stand")
    func sameCell() {
        let registry = PrometheusRegistry()
        let one = PrometheusCounter("a_total", help: "A.", labels: ["x": "1", "y": "2"], registry: registry)
        let two = PrometheusCounter("a_total", help: "A.", labels: ["y": "2", "x": "1"], registry: registry)
        one.increment(by: 2)
        two.increment(by: 3)
        one.increment(by: -7)
        #expect(one.value == 5 && two.value == 5)
    }

    @Test("nothing is lost when many threads count at once")
    func concurrent() async throws {
        let registry = PrometheusRegistry()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    try await DedicatedThread.run(name: "counter") {
                        let count = PrometheusCounter("n_total", help: "N.", registry: registry)
                        let sum = PrometheusGauge("sum", help: "S.", registry: registry)
                        let spread = PrometheusHistogram("spread", help: "P.", buckets: [1], registry: registry)
                        for _ in 0..<2_000 {
                            count.increment()
                            sum.add(0.5)
                            spread.observe(1.0)
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(PrometheusCounter("n_total", help: "N.", registry: registry).value == 16_000)
        #expect(PrometheusGauge("sum", help: "S.", registry: registry).value == 8_000)
        #expect(registry.render().contains("spread_bucket{le=\"1\"} 16000\n"))
    }

    @Test("the process's own figures are real ones")
    func process() throws {
        let registry = PrometheusRegistry()
        ProcessMetrics.register(in: registry, service: "test")
        let lines = registry.render().split(separator: "\n").filter { !$0.hasPrefix("#") }
        func value(_ name: String) throws -> Double {
            try #require(lines.first { $0.hasPrefix(name + " ") }.flatMap { Double($0.dropFirst(name.count + 1)) })
        }
        #expect(try value("process_resident_memory_bytes") > 1_000_000)
        #expect(try value("process_cpu_seconds_total") > 0)
        #expect(try value("process_open_fds") >= 3)
        let now = Date().timeIntervalSince1970
        let start = try value("process_start_time_seconds")
        #expect(start <= now + 1 && start > now - 86_400)
        let labels = [
            "build=\"\(BuildInfo.configuration)\"", "commit=\"\(BuildInfo.commit)\"", "service=\"test\"",
            "version=\"\(BuildInfo.version)\"",
        ]
        #expect(lines.contains("tickline_build_info{\(labels.joined(separator: ","))} 1"))
    }

    // MARK: - promtool

    private static let promtool = ["/usr/bin/promtool", "/usr/local/bin/promtool"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    /// What `promtool check metrics` says of a text, and its exit code.
    private func check(_ text: String) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(Self.promtool))
        process.arguments = ["check", "metrics"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
        try input.fileHandleForWriting.close()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }

    @Test(
        "promtool finds nothing to say about any kind of metric",
        .enabled(if: promtool != nil, "promtool isn't here")
    )
    func promtoolIsContent() throws {
        let registry = everyKind()
        ProcessMetrics.register(in: registry, service: "test")
        Readiness("kafka").register(in: registry)
        let (status, output) = try check(registry.render())
        #expect(status == 0 && output.isEmpty, "\(output)")
        // That it does look: the same text with a counter whose name doesn't end in _total.
        let wrong = registry.render().replacingOccurrences(of: "rows_total", with: "rows")
        #expect(try check(wrong).status != 0)
    }
}
