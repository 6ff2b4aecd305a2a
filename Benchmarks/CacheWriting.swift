import Cacher
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
            var batch = CacheBatch()
            for start in stride(from: 0, to: count, by: size) {
                for index in start..<min(start + size, count) {
                    offset += 1
                    let record = records[index]
                    var tick = try PriceTick(json: record.span)
                    if renaming { tick.coinID = "coin-\(index % 10_000)" }
                    tick.timestamp = EventTime(microseconds: 1_800_000_000_000_000 + offset)
                    batch.add(tick, offset: offset, latest: .latest)
                }
                _ = try writer.write(batch)
                batch.removeAll()
            }
        }
    }
}
