import Cacher
import Foundation
import Glibc
import Shared

/// The Cacher's way from a record's bytes to Redis' acknowledgement, without Kafka.
struct CacheWriting {
    /// What stands before its keys and channels.
    static let prefix = "bench:"
    private static let firstTime: Int64 = 1_800_000_000_000_001

    /// A tick's bytes.
    struct Record {
        var bytes: [UInt8]
        /// Where its `timestamp` begins.
        var timestamp: Int
    }

    /// Full ticks of 250 coins.
    private(set) var records: [Record]
    /// One of each of 10 000 coins.
    private(set) var coins: [Record]
    /// How many ticks Redis has taken as newer.
    private(set) var written = 0
    private let writer: CacheWriter
    private var offset: Int64 = 0
    private var batch: CacheBatch
    private var sent: CacheBatch
    private var isInFlight = false
    private let keepsOpenCandles: Bool

    /// - Parameter keepsOpenCandles: with each price the coin's open minute is written.
    init(_ url: RedisURL, count: Int, keepsOpenCandles: Bool = false) throws {
        self.keepsOpenCandles = keepsOpenCandles
        writer = CacheWriter(
            url: url,
            timeout: .seconds(10),
            encoder: CacheEncoder(
                // Two that own the same partition would get in each other's way.
                keys: CacheKeys(prefix: keepsOpenCandles ? "\(Self.prefix)open:" : Self.prefix),
                timeToLiveMilliseconds: 600_000,
                keptAlerts: 100,
                keptCandles: 100
            )
        )
        try writer.claim(["prices.raw:0"])
        let table = CoinTable()
        (batch, sent) = (CacheBatch(coins: table), CacheBatch(coins: table))
        let ticks = JSONBench.ticks(count: max(count, 10_000))
        records = Self.records(Array(ticks.prefix(count)))
        coins = Self.records(
            ticks.prefix(10_000).enumerated().map { number, tick in
                var tick = tick
                tick.coinID = "coin-\(number)"
                return tick
            }
        )
    }

    /// Writes records from the list, so many a batch; every batch is newer than the one before.
    /// - Parameter renaming: every record is of another coin, of 10 000: nothing to reduce, every one is written.
    mutating func write(_ count: Int, batch size: Int, renaming: Bool) throws -> Timing {
        try Timing.of {
            for start in stride(from: 0, to: count, by: size) {
                try write(start..<min(start + size, count), renaming: renaming)
            }
            try settle()
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
            try settle()
            latency.add(Int(EventTime.now().microseconds - due))
        }
        return latency
    }

    /// A batch is sent, and the next one gathered while Redis works at it, as the Cacher does.
    private mutating func write(_ numbers: Range<Int>, renaming: Bool) throws {
        for number in numbers {
            offset += 1
            // Odd, so that it has all digits.
            let time = EventTime(microseconds: Self.firstTime + offset * 2)
            if renaming {
                let index = number % coins.count
                let place = coins[index].timestamp
                Self.set(time, in: &coins[index].bytes, at: place)
                try add(coins[index].bytes)
            } else {
                let index = number % records.count
                let place = records[index].timestamp
                Self.set(time, in: &records[index].bytes, at: place)
                try add(records[index].bytes)
            }
        }
        try settle()
        swap(&batch, &sent)
        try writer.send(sent)
        isInFlight = true
    }

    private mutating func add(_ record: [UInt8]) throws {
        let bytes = record.span
        batch.add(
            try ScannedTick(json: bytes),
            of: bytes,
            offset: offset,
            latest: .latest,
            now: keepsOpenCandles ? EventTime(microseconds: Self.firstTime) : nil
        )
    }

    private mutating func settle() throws {
        if isInFlight { written += try writer.finish(sent).prices.written }
        isInFlight = false
        sent.removeAll()
    }

    /// Puts a time into a record in the place of its `timestamp`, which has as many digits.
    private static func set(_ time: EventTime, in record: inout [UInt8], at place: Int) {
        record.withUnsafeMutableBufferPointer { bytes in
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: EventTime.maximumTextLength) { text in
                let count = time.write(into: text)
                for index in 0..<count { bytes[place + index] = text[index] }
            }
        }
    }

    /// Records with the timestamp's place in each; it has six digits of fraction, as all that come.
    private static func records(_ ticks: [PriceTick]) -> [Record] {
        ticks.map { tick in
            var tick = tick
            tick.timestamp = EventTime(microseconds: firstTime)
            var json = JSONWriter()
            tick.write(to: &json)
            let text = json.text
            let start = text.range(of: "\"timestamp\":\"")?.upperBound ?? text.startIndex
            return Record(
                bytes: Array(text.utf8),
                timestamp: text.utf8.distance(from: text.startIndex, to: start)
            )
        }
    }
}
