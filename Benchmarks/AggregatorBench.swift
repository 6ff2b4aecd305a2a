import Aggregator
import Foundation
import Shared
import Synchronization
import TestSupport

extension Benchmark {
    /// The Aggregator as a service, exactly-once, next to a consumer that only reads: same topic, same run.
    static let aggregator = Benchmark(
        name: "aggregator",
        summary: "the service on a real broker: rate, close of a window to readable result, restore"
    ) { report in
        guard TestBroker.realBootstrapServers != nil else {
            return report.skip("needs a real broker in KAFKA_BOOTSTRAP_SERVERS; the mock keeps 5 MiB a partition")
        }
        for coins in [1_000, 10_000] { try AggregatorBench.rate(report, coins: coins, count: 5_000_000) }
        for rate in [10_000, 50_000] { try AggregatorBench.latency(report, rate: rate) }
        try AggregatorBench.restore(report)
    }
}

private enum AggregatorBench {
    /// How fast a backlog is worked off, next to a consumer that only reads the same topic: from the first commit to the
    /// first that leaves a tenth or less, because the last records wait for their transaction's interval. Both run three
    /// times in turns, and the best run of each counts: what a busy machine does to one of them it then does to the other
    /// as well.
    static func rate(_ report: Report, coins: Int, count: Int) throws {
        var service: Worked?
        var baseline: RawConsumer?
        for _ in 0..<3 {
            let broker = try TestBroker()
            try produce(broker, coins: coins, count: count)
            let worked = try work(off: count, on: broker)
            if worked.rate > service?.rate ?? 0 { service = worked }
            let raw = try RawConsumer(
                reading: broker.name(Topic.raw.rawValue),
                partitions: 3,
                count: count,
                settings: broker.settings
            )
            if raw.rate > baseline?.rate ?? 0 { baseline = raw }
        }
        guard let service, let baseline else { return }
        report.add(
            Figure(
                metric: "ticks_per_s_\(coins)_coins",
                value: service.rate,
                baseline: "raw librdkafka consumer",
                baselineValue: baseline.rate,
                cpuSecondsPerMillion: service.timing.cpuSeconds / Double(service.count) * 1_000_000,
                peakRSSMegabytes: service.peakRSSMegabytes
            )
        )
        report.add(
            Figure(
                metric: "raw_consumer_cpu_s_per_million_\(coins)_coins",
                value: baseline.timing.cpuSeconds / Double(baseline.count) * 1_000_000
            )
        )
    }

    /// A backlog that was worked off.
    private struct Worked {
        /// The ticks between the two commits.
        var count: Int
        /// The time they took, and the processor time of the service alone.
        var timing: Timing
        var peakRSSMegabytes: Double

        var rate: Double { Double(count) / timing.wallSeconds }
    }

    private static func work(off count: Int, on broker: TestBroker) throws -> Worked {
        let service = try AggregatorProcess(broker)
        let first = try service.waitForCommit(beyond: 0)
        if !service.hasAllocator { print("aggregator: libjemalloc2 isn't installed, so it runs with glibc's malloc") }
        let (wall, cpu) = (Timing.seconds(CLOCK_MONOTONIC), try Timing.cpuSeconds(of: service.id))
        let last = try service.waitForCommit(beyond: count / 10 * 9)
        let timing = Timing(
            wallSeconds: Timing.seconds(CLOCK_MONOTONIC) - wall,
            cpuSeconds: try Timing.cpuSeconds(of: service.id) - cpu
        )
        let peak = try Timing.peakRSSMegabytes(of: service.id)
        try service.finish()
        return Worked(count: last - first, timing: timing, peakRSSMegabytes: peak)
    }

    /// From the tick that closes a window to the result at a `read_committed` reader. Event time runs 60 times as fast as
    /// the clock, so that a minute of 1000 coins closes every second: first 30 closes in which service and broker become
    /// warm (a broker that has just started needs them, it is a JVM), then the 60 that count.
    /// - Parameter rate: ticks a second.
    static func latency(_ report: Report, rate: Int) throws {
        let broker = try TestBroker()
        let environment = [
            "AGGREGATOR_OUT_OF_ORDERNESS": "0s", "AGGREGATOR_FOLLOW_CLOCK": "false",
            "AGGREGATOR_WINDOWS": "tumbling:1m",
        ]
        let (warmUp, counted) = (30, 60)
        let service = try AggregatorProcess(broker, environment)
        try service.waitUntilReady()
        let base: Int64 = 1_768_000_020_000_000 / 60_000_000 * 60_000_000
        let start = EventTime.now().microseconds + 500_000
        let isOver = Atomic<Bool>(false)
        let waits = Mutex<[(close: Int, wait: Int64)]>([])
        let reading = ResultReader(broker.settings, topic: broker.name(Topic.aggregates1m.rawValue))
        let thread = Thread {
            reading.run(until: { isOver.load(ordering: .acquiring) }) { windowEnd, now in
                let close = Int((windowEnd - base) / 60_000_000)
                waits.withLock { $0.append((close, now - (start + (windowEnd - base) / 60))) }
            }
        }
        thread.start()
        let sender = try Sender(broker)
        let perMillisecond = rate / 1_000
        for millisecond in 0..<((warmUp + counted) * 1_000 + 500) {
            let due = start + Int64(millisecond) * 1_000
            let wait = due - EventTime.now().microseconds
            if wait > 0 { usleep(UInt32(wait)) }
            for index in 0..<perMillisecond {
                let coin = (millisecond * perMillisecond + index) % 1_000
                try sender.send(coin: coin, time: base + Int64(millisecond) * 60_000)
            }
        }
        try sender.flush()
        usleep(1_000_000)
        isOver.store(true, ordering: .releasing)
        try service.finish()
        let all = waits.withLock { $0 }
        let sorted = all.filter { $0.close > warmUp }.map(\.wait).sorted()
        let first = all.filter { $0.close == 1 }.map(\.wait).max()
        guard let first, sorted.count == counted * 1_000 else {
            throw BenchmarkError("\(sorted.count) results of \(counted) closes were read")
        }
        report.add(Figure(metric: "first_close_to_readable_ms_\(rate)_ticks_s", value: Double(first) / 1_000))
        for (name, part) in [("p50", 0.5), ("p99", 0.99), ("max", 1)] {
            let value = Double(sorted[Int(Double(sorted.count - 1) * part)]) / 1_000
            report.add(Figure(metric: "close_to_readable_ms_\(rate)_ticks_s_\(name)", value: value))
        }
    }

    /// How long the state of 10 000 coins takes to restore: windows of 1 minute, 5 minutes and 1 hour, all full.
    static func restore(_ report: Report) throws {
        let broker = try TestBroker()
        let windows = "tumbling:1m,sliding:5m/1m,sliding:1h/1m"
        let plan = try WindowPlan(windows: windows.split(separator: ",").compactMap { WindowSpec($0) })
        let producer = try KafkaProducer(settings: broker.settings, mode: .idempotent)
        let topic = try producer.topic(broker.name(Topic.aggregatorState.rawValue))
        var random = SplitMix64(seed: 3)
        var records = 0
        for partition in 0..<3 {
            var core = Partition(plan: plan)
            var output = WindowOutput()
            for minute in 0..<70 {
                for coin in stride(from: partition, to: 10_000, by: 3) {
                    let time = EventTime(microseconds: 1_768_000_020_000_000 + Int64(minute) * 60_000_000)
                    let price = Price(units: Int128(random.next() % 1_000_000_000_000) * 10_000_000_000)
                    let name = Array("coin-\(coin)".utf8)
                    let currency = Array("usd".utf8)
                    _ = core.process(
                        WindowTick(price: price, volume: price, time: time),
                        coin: name.span,
                        currency: currency.span,
                        clock: ClockReading(wall: .latest, monotonic: 0),
                        into: &output
                    )
                    output.removeAll()
                }
            }
            var json = JSONWriter()
            try core.drainChanges { key, value in
                json.reset()
                value?.write(to: &json)
                let bytes = value == nil ? nil : json.withUnsafeBytes { Array($0) }
                try producer.send(to: topic, partition: Int32(partition), key: key.description, value: bytes)
                records += 1
            }
        }
        try producer.flush(timeout: .seconds(60))
        let service = try AggregatorProcess(broker, ["AGGREGATOR_WINDOWS": windows])
        try service.waitUntilReady()
        let seconds = try service.metric("restore_seconds_sum")
        let peak = try Timing.peakRSSMegabytes(of: service.id)
        try service.finish()
        report.add(Figure(metric: "restore_s_10000_coins_3_windows", value: seconds, peakRSSMegabytes: peak))
        report.add(Figure(metric: "restored_records", value: Double(records)))
    }

    private static func produce(_ broker: TestBroker, coins: Int, count: Int) throws {
        let sender = try Sender(broker)
        for index in 0..<count {
            try sender.send(coin: index % coins, time: 1_768_000_020_000_000 + Int64(index / coins) * 1_000_000)
        }
        try sender.flush()
    }

    /// Writes ticks to `prices.raw`.
    final class Sender {
        private let producer: KafkaProducer
        private let topic: KafkaProducer.DestinationTopic
        private var writer = JSONWriter()
        private var random = SplitMix64(seed: 11)

        init(_ broker: TestBroker) throws {
            producer = try KafkaProducer(
                settings: broker.settings,
                mode: .idempotent,
                properties: ["queue.buffering.max.kbytes": "16384", "linger.ms": "2"]
            )
            topic = try producer.topic(broker.name(Topic.raw.rawValue))
        }

        func send(coin: Int, time: Int64) throws {
            writer.reset()
            let tick = CoreFeed.tick(coin: coin, time: EventTime(microseconds: time), random: &random)
            tick.write(to: &writer)
            var key = tick.coinID
            try key.withUTF8 { key in
                try writer.withUnsafeBytes { value in try producer.send(to: topic, key: key, value: value) }
            }
        }

        func flush() throws {
            try producer.flush(timeout: .seconds(120))
        }
    }
}
