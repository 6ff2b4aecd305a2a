import Cacher
import Glibc
import Shared

/// The Cacher's way from a record's bytes to Redis' acknowledgement, without Kafka.
struct CacheWriting {
    /// What stands before its keys and channels.
    static let prefix = "bench:"
    /// Full ticks of 250 coins.
    let records: [[UInt8]]
    private let writer: CacheWriter
    private var offset: Int64 = 0

    init(_ url: RedisURL, count: Int) {
        writer = CacheWriter(
            url: url,
            timeout: .seconds(10),
            encoder: CacheEncoder(
                keys: CacheKeys(prefix: Self.prefix),
                timeToLiveMilliseconds: 600_000,
                keptAlerts: 100,
                keptCandles: 100
            )
        )
        records = JSONBench.ticks(count: count).map { tick in
            var json = JSONWriter()
            tick.write(to: &json)
            return json.withUnsafeBytes { Array($0) }
        }
    }

    /// Writes records from the list, so many a batch; every batch is newer than the one before.
    /// - Parameter renaming: every record is of another coin, of 10 000: nothing to reduce, every one is written.
    mutating func write(_ count: Int, batch size: Int, renaming: Bool) throws -> Timing {
        try Timing.of {
            for start in stride(from: 0, to: count, by: size) {
                try write(start..<min(start + size, count), renaming: renaming)
            }
        }
    }

    /// Writes batches at a steady rate, each of coins not in the one before.
    /// - Returns: the time of each batch from when it was due until Redis had acknowledged it, in µs: one that starts
    ///   late because of the one before it counts as late.
    mutating func pace(batch size: Int, everyMicroseconds gap: Int64, count: Int) throws -> LatencyHistogram {
        var latency = LatencyHistogram()
        let start = EventTime.now().microseconds
        for number in 0..<count {
            let due = start + Int64(number) * gap
            let wait = due - EventTime.now().microseconds
            if wait > 0 { usleep(UInt32(wait)) }
            let first = number * size % (records.count - size)
            try write(first..<(first + size), renaming: true)
            latency.add(Int(EventTime.now().microseconds - due))
        }
        return latency
    }

    private mutating func write(_ numbers: Range<Int>, renaming: Bool) throws {
        var batch = CacheBatch()
        for index in numbers {
            offset += 1
            let record = records[index]
            var tick = try PriceTick(json: record.span)
            if renaming { tick.coinID = "coin-\(index % 10_000)" }
            tick.timestamp = EventTime(microseconds: 1_800_000_000_000_000 + offset)
            batch.add(tick, offset: offset, latest: .latest)
        }
        _ = try writer.write(batch)
    }
}
