import Shared
import TestSupport
import Testing

@testable import Cacher

/// Two writers that both think they own the partition, against a model.
@Suite("Only the owner writes", .ownThread)
struct CacheFencingTests {
    /// A writer with the coins' numbers that it shares with its batches.
    private final class Member {
        let writer: CacheWriter
        let coins = CoinTable()

        init(_ server: RedisServer) throws {
            writer = try CacheFixture.writer(server)
        }

        func batch(_ ticks: some Sequence<(offset: Int, tick: PriceTick)>) -> CacheBatch {
            var batch = CacheBatch(coins: coins)
            for (offset, tick) in ticks {
                batch.add(tick, offset: Int64(offset), latest: CacheFixture.farFuture)
            }
            return batch
        }
    }

    @Test(
        "Of two writers that take the partition from each other, and go on not knowing it, the newest stays",
        arguments: 1...10 as ClosedRange<UInt64>
    )
    func model(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let server = try RedisServer()
        let messages = try RedisSubscriber(server, pattern: "prices:*")
        let members = [try Member(server), try Member(server)]
        let coins = (0..<5).map { "coin-\($0)" }
        // Times jump back and forth, and many are the same; some have figures that others lack.
        let log = (0..<600).map { offset in
            var tick = CacheFixture.tick(
                random.pick(coins),
                seconds: Int64(offset / 20 + Int.random(in: 0..<10, using: &random)),
                price: Int128(offset)
            )
            tick.marketCap = random.chance(1, in: 2) ? Price(offset % 3) : nil
            tick.marketCapRank = random.chance(1, in: 2) ? offset % 4 : nil
            return (offset: offset, tick: tick)
        }
        var newest: [String: (version: CacheVersion, tick: PriceTick)] = [:]
        var taken = 0
        for member in members { try member.writer.claim(["prices.raw:0"]) }
        for turn in 0..<200 {
            let member = random.pick(members)
            if random.chance(1, in: 20) {
                // A rebalance gives it the partition: what it knew of before is worth nothing.
                member.writer.release()
                try member.writer.claim(["prices.raw:0"])
            }
            // Around where the log is by now; redone, reversed, doubled.
            let start = min(log.count - 1, max(0, turn * 3 + Int.random(in: -30...10, using: &random)))
            var chunk = Array(log[start..<min(log.count, start + Int.random(in: 1...15, using: &random))])
            if random.chance(1, in: 3) { chunk.shuffle(using: &random) }
            if random.chance(1, in: 20) { try server.cli("SCRIPT", "FLUSH") }
            do {
                guard try member.writer.write(member.batch(chunk)).isMade else { continue }
            } catch {
                // Taken by the other one: not a byte of it is written.
                #expect(error.kind == .unavailable, "seed \(seed): \(error)")
                taken += 1
                continue
            }
            for (offset, tick) in chunk {
                let version = CacheVersion(timeMicroseconds: tick.timestamp.microseconds, order: Int64(offset))
                if newest[tick.coinID].map({ $0.version < version }) ?? true { newest[tick.coinID] = (version, tick) }
            }
        }
        #expect(taken > 0, "seed \(seed): nobody lost it")
        // Each coin once more with its newest, by one that has to ask.
        let last = members[0]
        last.writer.release()
        try last.writer.claim(["prices.raw:0"])
        for (coin, held) in newest {
            let order = Int(held.version.order)
            _ = try last.writer.write(last.batch([(offset: order, tick: held.tick)]))
            let hash = try server.hash("price:\(coin):usd")
            #expect(hash["price"] == "\(held.tick.price)", "seed \(seed), \(coin)")
            #expect(hash["order"] == "\(order)" && hash["market_cap"] == held.tick.marketCap.map { "\($0)" })
            #expect(hash["market_cap_rank"] == held.tick.marketCapRank.map { "\($0)" } && hash["coin_id"] == coin)
            let score = held.tick.marketCapRank.map { "\($0)" } ?? "inf"
            #expect(try server.cli("ZSCORE", "coins:usd", coin) == score, "seed \(seed), \(coin)")
        }
        try server.cli("PUBLISH", "prices:end", "end")
        var seen: [String: Int64] = [:]
        while let message = try messages.next(), message.channel != "prices:end" {
            let tick = try PriceTick(json: Array(message.text.utf8).span)
            let time = tick.timestamp.microseconds
            #expect(seen[message.channel].map { $0 <= time } ?? true, "seed \(seed): \(message.channel) goes back")
            seen[message.channel] = time
        }
        #expect(seen.count == coins.count)
    }

    @Test("What a writer sends that has lost the partition meanwhile is not carried out, however old it is")
    func zombie() throws {
        let server = try RedisServer()
        let (zombie, heir) = (try Member(server), try Member(server))
        func tick(_ second: Int64) -> (offset: Int, tick: PriceTick) {
            (Int(second), CacheFixture.tick("bitcoin", seconds: second, price: Int128(second)))
        }
        try zombie.writer.claim(["prices.raw:0"])
        for second in [Int64(1), 2, 3] { _ = try zombie.writer.write(zombie.batch([tick(second)])) }
        // It has read further than who comes after it.
        try heir.writer.claim(["prices.raw:0"])
        _ = try heir.writer.write(heir.batch([tick(4)]))
        let late = #expect(throws: RedisError.self) { try zombie.writer.write(zombie.batch([tick(9)])) }
        #expect(late?.disposition == .retry)
        #expect(try server.cli("HGET", "price:bitcoin:usd", "price") == "4")
        _ = try heir.writer.write(heir.batch([tick(5)]))
        #expect(try server.cli("HGET", "price:bitcoin:usd", "price") == "5")
        // Kafka still says that it is the owner: the heir is the zombie then.
        _ = try zombie.writer.write(zombie.batch([tick(9)]))
        #expect(throws: RedisError.self) { try heir.writer.write(heir.batch([tick(6)])) }
        #expect(try heir.writer.write(heir.batch([tick(6)])).prices.older == 1)
        #expect(try server.cli("HGET", "price:bitcoin:usd", "price") == "9")
    }

    @Test("A claim of another partition takes nothing away")
    func neighbours() throws {
        let server = try RedisServer()
        let (first, second) = (try Member(server), try Member(server))
        try first.writer.claim(["prices.raw:0"])
        for second in 1...2 {
            _ = try first.writer.write(
                first.batch([(offset: second, tick: CacheFixture.tick("a", seconds: Int64(second), price: 1))])
            )
        }
        try second.writer.claim(["prices.raw:1"])
        let tick = CacheFixture.tick("a", seconds: 3, price: 3)
        #expect(try first.writer.write(first.batch([(offset: 3, tick: tick)])).prices.written == 1)
        #expect(try server.cli("HGET", "price:a:usd", "price") == "3")
    }

    @Test("A hash that somebody deleted, or a field of it, is whole again with the next tick")
    func deleted() throws {
        let server = try RedisServer()
        let member = try Member(server)
        try member.writer.claim(["prices.raw:0"])
        var ticks = (1...4).map { CacheFixture.tick("bitcoin", seconds: Int64($0), price: Int128($0)) }
        for index in ticks.indices { ticks[index].marketCapRank = 7 }
        func write(_ index: Int) throws {
            let receipt = try member.writer.write(member.batch([(offset: index, tick: ticks[index])]))
            #expect(receipt.prices == CacheReceipt.Count(written: 1, older: 0))
        }
        try write(0)
        let fields = try server.hash("price:bitcoin:usd").count
        try server.cli("DEL", "price:bitcoin:usd", "coins:usd")
        try write(1)
        #expect(try server.hash("price:bitcoin:usd").count == fields)
        #expect(try server.cli("ZSCORE", "coins:usd", "bitcoin") == "7")
        #expect(try server.cli("PTTL", "price:bitcoin:usd") != "-1")
        try server.cli("HDEL", "price:bitcoin:usd", "time_us", "price")
        try write(2)
        #expect(try server.hash("price:bitcoin:usd")["price"] == "3")
        try server.cli("DEL", "price:bitcoin:usd")
        try server.cli("SET", "price:bitcoin:usd", "mine")
        let blocked = try member.writer.write(member.batch([(offset: 3, tick: ticks[3])]))
        #expect(blocked.keysInTheWay == ["price:bitcoin:usd"] && blocked.prices.written == 0)
    }
}
