import Cacher
import Foundation
import Shared
import TestSupport

extension Benchmark {
    /// The Cacher's way from a record's bytes to Redis' acknowledgement, without Kafka, on a real redis-server; next to
    /// what redis-benchmark gets from the same server with plain SETs of as many bytes, one connection, in the same run.
    static let cacher = Benchmark(name: "cacher", summary: "ticks into Redis, guarded, written and published") {
        report in
        let server = try CacherBench.Server()
        var writing = CacheWriting(server.url, count: 200_000)
        _ = try writing.write(20_000, batch: 2_000, renaming: true)

        let bytes = writing.records[0].count
        let pipelined = try server.plainSets(count: 500_000, pipeline: 512, bytes: bytes)
        report.addRate(
            "coins_written_per_s",
            of: 100_000,
            in: try writing.write(100_000, batch: 2_000, renaming: true),
            baseline: ("redis-benchmark SET -P 512", pipelined.count, pipelined.timing)
        )
        report.addRate(
            "ticks_of_250_coins_per_s",
            of: writing.records.count,
            in: try writing.write(writing.records.count, batch: 2_000, renaming: false),
            baseline: ("redis-benchmark SET -P 512", pipelined.count, pipelined.timing)
        )
        let single = try server.plainSets(count: 20_000, pipeline: 1, bytes: bytes)
        report.addRate(
            "single_ticks_per_s",
            of: 20_000,
            in: try writing.write(20_000, batch: 1, renaming: false),
            baseline: ("redis-benchmark SET -P 1", single.count, single.timing)
        )
    }
}

private enum CacherBench {
    /// The server of `REDIS_URL`, or one of our own.
    struct Server {
        let url: RedisURL
        private let own: RedisServer?

        init() throws {
            if let text = ProcessInfo.processInfo.environment["REDIS_URL"], !text.isEmpty {
                guard let given = RedisURL(text) else { throw BenchmarkError("REDIS_URL is not an address") }
                own = nil
                url = given
            } else {
                let started = try RedisServer()
                guard let made = RedisURL(started.url) else { throw BenchmarkError("no address") }
                own = started
                url = made
            }
        }

        /// What redis-benchmark needs for so many SETs of random keys on one connection.
        func plainSets(count: Int, pipeline: Int, bytes: Int) throws -> (count: Int, timing: Timing) {
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/env")
            var arguments = [
                "redis-benchmark", "-h", url.host, "-p", String(url.port), "--dbnum", String(url.database),
            ]
            if let password = url.password { arguments += ["-a", password] }
            arguments += ["-c", "1", "-n", String(count), "-P", String(pipeline), "-d", String(bytes), "-r", "10000"]
            arguments += ["-t", "set", "--csv"]
            process.arguments = arguments
            let output = Pipe()
            process.standardOutput = output
            process.standardError = FileHandle.nullDevice
            try process.run()
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            // "test","rps",… in the first line, "SET","123456.78",… in the second
            let fields = text.split(separator: "\n").last?.split(separator: ",") ?? []
            guard fields.count > 1, let rate = Double(fields[1].filter { $0 != "\"" }), rate > 0 else {
                throw BenchmarkError("redis-benchmark says: \(text)")
            }
            return (count, Timing(wallSeconds: Double(count) / rate, cpuSeconds: 0))
        }
    }
}
