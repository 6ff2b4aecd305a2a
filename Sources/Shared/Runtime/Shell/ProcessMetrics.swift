import FoundationEssentials
import Glibc

/// What Prometheus' client libraries report of any process, read from `/proc` before each rendering.
enum ProcessMetrics {
    /// Adds them to a registry.
    static func register(in registry: PrometheusRegistry, service: String) {
        PrometheusGauge(
            "tickline_build_info",
            help: "Always 1; the labels say what is running.",
            labels: [
                "service": service, "version": BuildInfo.version, "commit": BuildInfo.commit,
                "build": BuildInfo.configuration,
            ],
            registry: registry
        ).set(1)
        let memory = PrometheusGauge(
            "process_resident_memory_bytes",
            help: "Resident memory size in bytes.",
            registry: registry
        )
        let cpu = PrometheusFloatingCounter(
            "process_cpu_seconds_total",
            help: "Total user and system CPU time spent in seconds.",
            registry: registry
        )
        let descriptors = PrometheusGauge(
            "process_open_fds",
            help: "Number of open file descriptors.",
            registry: registry
        )
        let start = PrometheusGauge(
            "process_start_time_seconds",
            help: "Start time of the process since unix epoch in seconds.",
            registry: registry
        )
        registry.beforeRendering {
            if let bytes = residentBytes() { memory.set(bytes) }
            cpu.set(total: cpuSeconds())
            if let count = openDescriptors() { descriptors.set(count) }
            if let seconds = startTime() { start.set(seconds) }
        }
    }

    private static func residentBytes() -> Int? {
        // The second field of statm counts resident pages.
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
            let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return nil }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }

    private static func cpuSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static func openDescriptors() -> Int? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        // Without ".", ".." and the descriptor of this very look.
        return max(0, count - 3)
    }

    private static func startTime() -> Double? {
        // Field 22 of stat is the start in clock ticks since boot; the name before it may hold spaces and brackets.
        guard let stat = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
            let boot = try? String(contentsOfFile: "/proc/stat", encoding: .utf8),
            let name = stat.lastIndex(of: ")")
        else { return nil }
        let fields = stat[stat.index(after: name)...].split(separator: " ")
        guard fields.count > 19, let ticks = Double(fields[19]),
            let line = boot.split(separator: "\n").first(where: { $0.hasPrefix("btime ") }),
            let bootSeconds = Double(line.dropFirst("btime ".count))
        else { return nil }
        return bootSeconds + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}
