import Aggregator
import Shared
import TestSupport

extension Benchmark {
    /// The Aggregator without Kafka: JSON bytes in, windows out, on one thread, so the seconds are processor time.
    static let aggregatorCore = Benchmark(
        name: "aggregator-core",
        summary: "the window core alone: decoding ticks and windowing them, in memory"
    ) { report in
        let minute: Int64 = 60_000_000
        for coins in [100, 1_000, 10_000, 100_000, 1_000_000] {
            // Each coin at least four times, and over a minute, so that windows close.
            let feed = CoreFeed(coins: coins, count: max(400_000, coins * 4), seconds: coins > 20_000 ? 40 : 5)
            let decoded = try Timing.best(rounds: 3, of: [{ try feed.decode() }])
            let timing = try Timing.best(rounds: 3, of: [{ _ = try feed.run([.tumbling(minute)]) }])
            report.addRate(
                "ticks_per_core_s_\(coins)_coins",
                of: feed.count,
                in: timing[0],
                by: .cpu,
                baseline: ("decoding alone", feed.count, decoded[0])
            )
        }
        // The same slide, so as many results; 1, 10 and 100 windows that each tick belongs to.
        let feed = CoreFeed(coins: 1_000, count: 400_000)
        let overlaps: [Int64] = [1, 10, 100]
        let timings = try Timing.best(
            rounds: 3,
            of: overlaps.map { overlap in { _ = try feed.run([.sliding(overlap * minute, every: minute)]) } }
        )
        for (overlap, timing) in zip(overlaps, timings) {
            report.addRate(
                "ticks_per_core_s_in_\(overlap)_sliding",
                of: feed.count,
                in: timing,
                by: .cpu,
                baseline: ("1 sliding window", feed.count, timings[0])
            )
        }
    }
}

/// Ticks as they lie in Kafka, about 210 bytes each, for each coin some event-time seconds apart, slightly out of order.
struct CoreFeed {
    private var bytes: [UInt8] = []
    private var ends: [Int] = []

    /// How many ticks there are.
    var count: Int { ends.count }

    /// - Parameter seconds: how far two ticks of a coin are apart.
    init(coins: Int, count: Int, seconds: Int64 = 5) {
        var random = SplitMix64(seed: 7)
        var writer = JSONWriter()
        for index in 0..<count {
            let second = Int64(index / coins) * seconds * 1_000_000
            let jitter = Int64(random.next() % 4_000_000)
            let time = EventTime(microseconds: 1_795_379_700_000_000 + second + jitter)
            writer.reset()
            Self.tick(coin: index % coins, time: time, random: &random).write(to: &writer)
            writer.withUnsafeBytes { bytes.append(contentsOf: $0) }
            ends.append(bytes.count)
        }
    }

    /// One tick, of about 210 bytes.
    static func tick(coin: Int, time: EventTime, random: inout SplitMix64) -> PriceTick {
        PriceTick(
            coinID: "coin-\(coin)",
            symbol: "c\(coin)",
            name: "Coin \(coin)",
            vsCurrency: "usd",
            price: Price(units: Int128(random.next() % 1_000_000_000_000) * 10_000_000_000),
            totalVolume: Price(units: Int128(random.next() % 100_000_000_000) * 10_000_000_000_000_000),
            timestamp: time,
            ingestedAt: EventTime(microseconds: time.microseconds + 1_333_000),
            source: "simulator"
        )
    }

    /// Decodes every tick.
    func decode() throws {
        try forEach { record in
            if try ScannedTick(json: record).coinID.count == 0 { throw BenchmarkError("a tick without a coin") }
        }
    }

    /// Decodes and windows every tick.
    /// - Returns: how many results there were.
    func run(_ windows: [WindowSpec]) throws -> Int {
        var core = Partition(plan: try WindowPlan(windows: windows))
        var output = WindowOutput()
        var results = 0
        let clock = ClockReading(wall: .latest, monotonic: 0)
        try forEach { record in
            let tick = try ScannedTick(json: record)
            let input = WindowTick(
                price: tick.price,
                volume: tick.totalVolume,
                time: tick.timestamp,
                isSnapshot: tick.source.equals("coingecko", in: record)
            )
            var isTaken = false
            while !isTaken {
                let decision = tick.coinID.withUTF8(in: record) { coin in
                    tick.vsCurrency.withUTF8(in: record) { currency in
                        core.process(input, coin: coin, currency: currency, clock: clock, into: &output)
                    }
                }
                isTaken = decision != .closing
                if !output.isEmpty {
                    results += output.results.count
                    output.removeAll()
                }
            }
        }
        guard results > 0 else { throw BenchmarkError("no window was closed") }
        return results
    }

    private func forEach(_ body: (Span<UInt8>) throws -> Void) rethrows {
        var start = 0
        for end in ends {
            try body(bytes.span.extracting(start..<end))
            start = end
        }
    }
}
