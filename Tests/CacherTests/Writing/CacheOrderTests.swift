import Shared
import TestSupport
import Testing

@testable import Cacher

/// The rule that the cache never goes backwards, against a model, with a real redis-server in between.
@Suite("The cache never goes backwards", .ownThread)
struct CacheOrderTests {
    /// A tick as it lies in the log.
    struct LoggedTick {
        var tick: PriceTick
        var offset: Int64

        var version: CacheVersion {
            CacheVersion(timeMicroseconds: tick.timestamp.microseconds, order: offset)
        }
    }

    @Test(
        "whatever is shuffled, doubled or redone after a crash, the newest stays",
        arguments: 1...12 as ClosedRange<UInt64>
    )
    func endsWithNewest(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let server = try RedisServer(arguments: ["--appendonly", "yes", "--appendfsync", "always"])
        let messages = try RedisSubscriber(server, pattern: "prices:*")
        let coins = (0..<Int.random(in: 1...6, using: &random)).map { "coin-\($0)" }
        let log = (0..<400).map { offset in
            // Few event times, so that ties are common; the price tells the record.
            let seconds = Int64.random(in: 1...60, using: &random)
            return LoggedTick(
                tick: CacheFixture.tick(random.pick(coins), seconds: seconds, price: Int128(offset)),
                offset: Int64(offset)
            )
        }

        var delivered: [LoggedTick] = []
        var writer = try CacheFixture.writer(server)
        var position = 0
        while position < log.count {
            let size = min(log.count - position, Int.random(in: 1...40, using: &random))
            var chunk = Array(log[position..<(position + size)])
            if random.chance(1, in: 3) { chunk.shuffle(using: &random) }
            if random.chance(1, in: 4) { chunk += chunk.prefix(3) }
            var batch = CacheBatch()
            for entry in chunk { batch.add(entry.tick, offset: entry.offset, latest: CacheFixture.farFuture) }
            let isScriptLost = random.chance(1, in: 5)
            if isScriptLost { try server.cli("SCRIPT", "FLUSH") }
            _ = try writer.write(batch)
            delivered += chunk
            if random.chance(1, in: 6) {
                // The process dies before it commits: a new one begins anywhere before.
                writer = try CacheFixture.writer(server)
                position = Int.random(in: max(0, position - 100)...position, using: &random)
            } else {
                position += size
            }
        }

        for coin in coins {
            let newest = delivered.filter { $0.tick.coinID == coin }.max { $0.version < $1.version }
            let held = try server.cli("HMGET", "price:\(coin):usd", "price", "time_us", "order")
            let expected = newest.map { "\($0.tick.price)\n\($0.version.timeMicroseconds)\n\($0.version.order)" }
            #expect(held == expected ?? "\n\n", "seed \(seed), \(coin)")
        }

        try server.cli("PUBLISH", "prices:end", "end")
        var latest: [String: CacheVersion] = [:]
        var isForward = true
        let versions = Dictionary(
            log.map { (CacheFixture.json($0.tick), $0) },
            uniquingKeysWith: { first, _ in first }
        )
        while let message = try messages.next(), message.channel != "prices:end" {
            let entry = try #require(versions[message.text], "seed \(seed): \(message.text)")
            if let last = latest[message.channel] { isForward = isForward && last < entry.version }
            latest[message.channel] = entry.version
        }
        #expect(isForward, "seed \(seed): a subscriber saw an older tick after a newer one, or one twice")

        // The guard is as durable as the value.
        server.stop()
        try server.start()
        var again = CacheBatch()
        for entry in log.shuffled(using: &random).prefix(200) {
            again.add(entry.tick, offset: entry.offset, latest: CacheFixture.farFuture)
        }
        let receipt = try CacheFixture.writer(server).write(again)
        #expect(receipt.prices.written == 0, "seed \(seed)")
    }
}
