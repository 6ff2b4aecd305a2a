import Cacher
import Foundation
import Shared
import TestSupport

extension Benchmark {
    /// `cacher serve` with 1000 readers of its stream over real sockets, at 1000 updates a second; and what it costs the
    /// Cacher that writes to the same Redis. The readers are one thread of this process: its share of a core is a figure
    /// too, for a client that can't keep up would be measured in the server's place.
    static let serve = Benchmark(name: "serve", summary: "1000 readers of the stream: latency, memory") { report in
        let scenarios = [
            ServeBench.Scenario(name: "10_coins_each", coinsEach: 10),
            ServeBench.Scenario(name: "all_coins"),
            ServeBench.Scenario(name: "all_coins_200_never_read", silent: 200),
        ]
        for scenario in scenarios { try ServeBench.latency(report, scenario) }
        try ServeBench.writing(report)
        try ServeBench.writingInTime(report)
    }
}

private enum ServeBench {
    static let readers = 1_000
    static let coins = 1_000
    static let updatesPerSecond = 1_000
    static let seconds = 20

    struct Scenario {
        var name: String
        /// How many coins a reader follows, not the same as the others; nil for all.
        var coinsEach: Int?
        /// How many of the readers never read.
        var silent = 0

        func query(_ reader: Int) -> String {
            guard let coinsEach else { return "kinds=price" }
            let names = (0..<coinsEach).map { "coin-\((reader * 7 + $0 * 101) % ServeBench.coins)" }
            return "kinds=price&coins=" + names.joined(separator: ",")
        }
    }

    /// From PUBLISH to the readers' sockets.
    static func latency(_ report: Report, _ scenario: Scenario) throws {
        let redis = try RedisServer()
        guard let url = RedisURL(redis.url) else { throw BenchmarkError("no address") }
        let service = try ServeProcess(redis: redis.url)
        let client = try StreamClient(
            port: service.port,
            count: readers,
            silent: scenario.silent,
            query: scenario.query
        )
        try service.waitForReaders(readers)
        var publisher = try TickPublisher(url, coins: coins)
        let before = try Timing.cpuSeconds(of: service.id)
        let start = Timing.seconds(CLOCK_MONOTONIC)
        let published = try publisher.run(perSecond: updatesPerSecond, seconds: seconds)
        let wall = Timing.seconds(CLOCK_MONOTONIC) - start
        let cpu = try Timing.cpuSeconds(of: service.id) - before
        usleep(1_000_000)
        let result = client.finish()
        let peak = try Timing.peakRSSMegabytes(of: service.id)
        try service.finish()
        guard result.broken == 0 else { throw BenchmarkError("\(result.broken) connections broke") }

        let each = Double(scenario.coinsEach ?? coins) / Double(coins)
        let expected = Double(published * (readers - scenario.silent)) * each
        for (name, part) in [("p50", 0.5), ("p99", 0.99), ("max", 1)] {
            let value = result.latency.milliseconds(part)
            report.add(Figure(metric: "publish_to_reader_ms_\(name)_\(scenario.name)", value: value))
        }
        report.add(
            Figure(
                metric: "events_read_per_s_\(scenario.name)",
                value: Double(result.latency.count) / wall,
                // Fewer: readers that were full got the newest of a coin in place of all.
                baseline: "every update to every reader",
                baselineValue: expected / wall,
                cpuSecondsPerMillion: cpu / Double(result.latency.count) * 1_000_000,
                peakRSSMegabytes: peak
            )
        )
        report.add(Figure(metric: "serve_cores_\(scenario.name)", value: cpu / wall))
        report.add(Figure(metric: "client_cores_\(scenario.name)", value: result.cpuSeconds / wall))
    }

    /// How fast the Cacher's writing goes with a `cacher serve` and its readers on the same Redis, next to without. Each
    /// runs three times in turns, and the best of each counts.
    static func writing(_ report: Report) throws {
        let count = 100_000
        let redis = try RedisServer()
        guard let url = RedisURL(redis.url) else { throw BenchmarkError("no address") }
        var writing = try CacheWriting(url, count: count)
        _ = try writing.write(20_000, batch: 2_000, renaming: true)
        var alone: Timing?
        var watched: Timing?
        for _ in 0..<3 {
            alone = best(alone, try writing.write(count, batch: 2_000, renaming: true))
            let service = try ServeProcess(redis: redis.url, prefix: CacheWriting.prefix)
            let scenario = Scenario(name: "", coinsEach: 10)
            let client = try StreamClient(port: service.port, count: readers, silent: 0, query: scenario.query)
            try service.waitForReaders(readers)
            watched = best(watched, try writing.write(count, batch: 2_000, renaming: true))
            _ = client.finish()
            try service.finish()
        }
        guard let alone, let watched else { return }
        report.addRate(
            "coins_written_per_s_beside_serve",
            of: count,
            in: watched,
            baseline: ("the same without serve", count, alone)
        )
    }

    /// How long a batch of 10 ticks takes the Cacher, 100 batches a second, next to 1000 readers of 10 coins each, and
    /// without anybody. In turns, three times each: the median round counts.
    static func writingInTime(_ report: Report) throws {
        let redis = try RedisServer()
        guard let url = RedisURL(redis.url) else { throw BenchmarkError("no address") }
        var writing = try CacheWriting(url, count: 10_000)
        _ = try writing.write(10_000, batch: 2_000, renaming: true)
        var alone: [LatencyHistogram] = []
        var watched: [LatencyHistogram] = []
        for _ in 0..<3 {
            alone.append(try writing.pace(batch: 10, everyMicroseconds: 10_000, count: 1_000))
            let service = try ServeProcess(redis: redis.url, prefix: CacheWriting.prefix)
            let scenario = Scenario(name: "", coinsEach: 10)
            let client = try StreamClient(port: service.port, count: readers, silent: 0, query: scenario.query)
            try service.waitForReaders(readers)
            watched.append(try writing.pace(batch: 10, everyMicroseconds: 10_000, count: 1_000))
            _ = client.finish()
            try service.finish()
        }
        for (name, part) in [("p50", 0.5), ("p99", 0.99), ("max", 1)] {
            report.add(
                Figure(
                    metric: "batch_of_10_written_ms_\(name)_beside_serve",
                    value: watched.map { $0.milliseconds(part) }.sorted()[1],
                    baseline: "the same without serve",
                    baselineValue: alone.map { $0.milliseconds(part) }.sorted()[1]
                )
            )
        }
    }

    private static func best(_ one: Timing?, _ other: Timing) -> Timing {
        guard let one, one.wallSeconds < other.wallSeconds else { return other }
        return one
    }
}
