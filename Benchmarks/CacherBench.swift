import Cacher
import Foundation
import Shared
import TestSupport

extension Benchmark {
    /// The Cacher's way from a record's bytes to Redis' acknowledgement, without Kafka, on a real redis-server; next to
    /// what redis-benchmark gets from the same server, one connection, in the same run: with plain SETs of as many bytes,
    /// and with the very commands, an HSET of the same fields and a PUBLISH of the same message.
    static let cacher = Benchmark(name: "cacher", summary: "ticks into Redis, guarded, written and published") {
        report in
        let server = try CacherBench.Server()
        var writing = try CacheWriting(server.url, count: 200_000)
        // The first time a coin is compared with what Redis has.
        _ = try writing.write(20_000, batch: 2_000, renaming: true)

        let bytes = writing.coins[0].bytes.count
        let sets = try server.sets(count: 1_000_000, pipeline: 512, bytes: bytes)
        let commands = try server.hashAndMessage(count: 500_000, pipeline: 512, bytes: bytes)
        let before = writing.written
        let coins = try writing.write(500_000, batch: 2_000, renaming: true)
        guard writing.written - before == 500_000 else { throw BenchmarkError("not all were taken as newer") }
        report.addRate(
            "coins_written_per_s",
            of: 500_000,
            in: coins,
            baseline: ("redis-benchmark HSET + PUBLISH -P 512", commands.count, commands.timing)
        )
        report.addRate(
            "coins_written_per_s",
            of: 500_000,
            in: coins,
            baseline: ("redis-benchmark SET -P 512", sets.count, sets.timing)
        )
        report.addRate(
            "ticks_of_250_coins_per_s",
            of: writing.records.count,
            in: try writing.write(writing.records.count, batch: 2_000, renaming: false),
            baseline: ("redis-benchmark SET -P 512", sets.count, sets.timing)
        )
        var keeping = try CacheWriting(server.url, count: 10_000, keepsOpenCandles: true)
        _ = try keeping.write(20_000, batch: 2_000, renaming: true)
        let open = try server.sets(count: 500_000, pipeline: 512, bytes: 170)
        let all = Timing(wallSeconds: commands.timing.wallSeconds + open.timing.wallSeconds, cpuSeconds: 0)
        report.addRate(
            "coins_written_with_open_candle_per_s",
            of: 500_000,
            in: try keeping.write(500_000, batch: 2_000, renaming: true),
            baseline: ("redis-benchmark HSET + PUBLISH + SET -P 512", 500_000, all)
        )
        let single = try server.sets(count: 50_000, pipeline: 1, bytes: bytes)
        report.addRate(
            "single_ticks_per_s",
            of: 50_000,
            in: try writing.write(50_000, batch: 1, renaming: false),
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
        func sets(count: Int, pipeline: Int, bytes: Int) throws -> (count: Int, timing: Timing) {
            let value = String(repeating: "x", count: bytes)
            return try run(count, pipeline, ["SET", "key:__rand_int__", value])
        }

        /// What it needs for so many HSETs of the fields that a tick changes when only its price is new, and as many PUBLISHes
        /// of a message, one kind behind the other.
        func hashAndMessage(count: Int, pipeline: Int, bytes: Int) throws -> (count: Int, timing: Timing) {
            let hash = try run(
                count,
                pipeline,
                [
                    "HSET", "hash:__rand_int__", "time_us", "1800000000000001", "order", "123456", "price",
                    "67187.3358936",
                    "timestamp", "2027-01-15T08:00:00.000001Z", "ingested_at", "2027-01-15T08:00:00.123Z",
                ]
            )
            let message = String(repeating: "x", count: bytes)
            let messages = try run(count, pipeline, ["PUBLISH", "prices:__rand_int__:usd", message])
            let seconds = hash.timing.wallSeconds + messages.timing.wallSeconds
            return (count, Timing(wallSeconds: seconds, cpuSeconds: 0))
        }

        private func run(_ count: Int, _ pipeline: Int, _ command: [String]) throws -> (count: Int, timing: Timing) {
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/env")
            var arguments = [
                "redis-benchmark", "-h", url.host, "-p", String(url.port), "--dbnum", String(url.database),
            ]
            if let password = url.password { arguments += ["-a", password] }
            arguments += ["-c", "1", "-n", String(count), "-P", String(pipeline), "-r", "10000", "--csv"]
            process.arguments = arguments + command
            let output = Pipe()
            process.standardOutput = output
            process.standardError = FileHandle.nullDevice
            try process.run()
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            // "test","rps",… in the first line, "SET …","123456.78",… in the second
            let fields = text.split(separator: "\n").last?.components(separatedBy: "\",\"") ?? []
            guard fields.count > 1, let rate = Double(fields[1]), rate > 0 else {
                throw BenchmarkError("redis-benchmark says: \(text.suffix(500))")
            }
            return (count, Timing(wallSeconds: Double(count) / rate, cpuSeconds: 0))
        }
    }
}
