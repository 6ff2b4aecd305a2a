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
        var keeping = try CacheWriting(server.url, count: 10_000, keepsOpenCandles: true)
        _ = try keeping.write(20_000, batch: 2_000, renaming: true)
        // In turns, so that what else the machine does meets both; the median of each counts.
        var (sets, commands, open, single): ([Timing], [Timing], [Timing], [Timing]) = ([], [], [], [])
        var pairs: [Timing] = []
        var (coins, ticks, candles, alone): ([Timing], [Timing], [Timing], [Timing]) = ([], [], [], [])
        let (many, few) = (300_000, 30_000)
        for _ in 0..<5 {
            sets.append(try server.sets(count: many, pipeline: 512, bytes: bytes))
            commands.append(try server.hashAndMessage(count: many, pipeline: 512, bytes: bytes))
            let before = writing.written
            coins.append(try writing.write(many, batch: 2_000, renaming: true))
            guard writing.written - before == many else { throw BenchmarkError("not all were taken as newer") }
            ticks.append(try writing.write(many, batch: 2_000, renaming: false))
            open.append(try server.sets(count: many, pipeline: 512, bytes: 170))
            candles.append(try keeping.write(many, batch: 2_000, renaming: true))
            single.append(try server.sets(count: few, pipeline: 1, bytes: bytes))
            pairs.append(try server.hashAndMessage(count: few, pipeline: 1, bytes: bytes))
            alone.append(try writing.write(few, batch: 1, renaming: false))
        }
        let plain = ("redis-benchmark SET -P 512", many, CacherBench.median(sets))
        let same = ("redis-benchmark HSET + PUBLISH -P 512", many, CacherBench.median(commands))
        let more = Timing(
            wallSeconds: same.2.wallSeconds + CacherBench.median(open).wallSeconds,
            cpuSeconds: 0
        )
        let written = CacherBench.median(coins)
        report.addRate("coins_written_per_s", of: many, in: written, baseline: same)
        report.addRate("coins_written_per_s", of: many, in: written, baseline: plain)
        report.addRate("ticks_of_250_coins_per_s", of: many, in: CacherBench.median(ticks), baseline: plain)
        report.addRate(
            "coins_written_with_open_candle_per_s",
            of: many,
            in: CacherBench.median(candles),
            baseline: ("redis-benchmark HSET + PUBLISH + SET -P 512", many, more)
        )
        // Of these two each is a round trip.
        let pair = ("redis-benchmark HSET + PUBLISH -P 1", few, CacherBench.median(pairs))
        report.addRate("single_ticks_per_s", of: few, in: CacherBench.median(alone), baseline: pair)
        let one = ("redis-benchmark SET -P 1", few, CacherBench.median(single))
        report.addRate("single_ticks_per_s", of: few, in: CacherBench.median(alone), baseline: one)
    }
}

private enum CacherBench {
    /// The one in the middle by its time.
    static func median(_ timings: [Timing]) -> Timing {
        timings.sorted { $0.wallSeconds < $1.wallSeconds }[timings.count / 2]
    }

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
        func sets(count: Int, pipeline: Int, bytes: Int) throws -> Timing {
            let value = String(repeating: "x", count: bytes)
            return try run(count, pipeline, ["SET", "key:__rand_int__", value])
        }

        /// What it needs for so many HSETs of the fields that a tick changes when only its price is new, and as many PUBLISHes
        /// of a message, one kind behind the other.
        func hashAndMessage(count: Int, pipeline: Int, bytes: Int) throws -> Timing {
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
            return Timing(wallSeconds: hash.wallSeconds + messages.wallSeconds, cpuSeconds: 0)
        }

        private func run(_ count: Int, _ pipeline: Int, _ command: [String]) throws -> Timing {
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
            return Timing(wallSeconds: Double(count) / rate, cpuSeconds: 0)
        }
    }
}
