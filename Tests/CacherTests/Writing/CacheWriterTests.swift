import Shared
import TestSupport
import Testing

@testable import Cacher

@Suite("CacheWriter, on a real redis-server", .ownThread)
struct CacheWriterTests {
    @Test("a tick becomes a hash, a member of the index and a message")
    func writesTick() throws {
        let server = try RedisServer()
        let writer = try CacheFixture.writer(server)
        let messages = try RedisSubscriber(server, pattern: "*")
        var tick = CacheFixture.tick("bitcoin", seconds: 100, price: 67_187)
        tick.marketCapRank = 1
        tick.marketCap = nil
        var batch = CacheBatch()
        batch.add(tick, offset: 7, latest: CacheFixture.farFuture)
        let receipt = try writer.write(batch)
        #expect(receipt.prices == CacheReceipt.Count(written: 1, older: 0))
        #expect(receipt.roundTrips.count == 1)

        let hash = try server.hash("price:bitcoin:usd")
        #expect(hash["price"] == "67187")
        #expect(hash["time_us"] == "100000000")
        #expect(hash["order"] == "7")
        #expect(hash["timestamp"] == tick.timestamp.description)
        #expect(hash["market_cap_rank"] == "1")
        #expect(hash["market_cap"] == nil, "what the source didn't say has no field")
        #expect(try server.cli("ZRANGE", "coins:usd", "0", "-1", "WITHSCORES") == "bitcoin\n1")
        for key in ["price:bitcoin:usd", "coins:usd"] {
            let lifetime = try #require(Int(try server.cli("PTTL", key)))
            #expect((1...86_400_000).contains(lifetime))
        }
        let message = try #require(try messages.next())
        #expect(message.channel == "prices:bitcoin:usd")
        #expect(message.text == CacheFixture.json(tick))
    }

    @Test("a newer tick replaces all of an older one, also fields it doesn't have itself")
    func replacesWhole() throws {
        let server = try RedisServer()
        let writer = try CacheFixture.writer(server)
        var old = CacheFixture.tick("bitcoin", seconds: 100, price: 1)
        old.marketCap = Price(units: 5 * Price.unitsPerOne)
        let new = CacheFixture.tick("bitcoin", seconds: 101, price: 2)
        for (offset, tick) in [old, new].enumerated() {
            var batch = CacheBatch()
            batch.add(tick, offset: Int64(offset), latest: CacheFixture.farFuture)
            _ = try writer.write(batch)
        }
        let hash = try server.hash("price:bitcoin:usd")
        #expect(hash["price"] == "2")
        #expect(hash["market_cap"] == nil)
        #expect(try server.cli("ZSCORE", "coins:usd", "bitcoin") == "inf", "a coin without a rank comes last")
    }

    @Test("a trade has size, id and side; the next tick, which is none, leaves nothing of them")
    func tradeThenQuote() throws {
        let server = try RedisServer()
        let writer = try CacheFixture.writer(server)
        let messages = try RedisSubscriber(server, pattern: "prices:*")
        var trade = CacheFixture.tick("bitcoin", seconds: 100, price: 67_187, tradeID: "1098675511")
        (trade.size, trade.side) = (Price("0.012345678901234567"), .sell)
        func write(_ tick: PriceTick) throws -> [String: String] {
            var batch = CacheBatch()
            batch.add(tick, offset: 0, latest: CacheFixture.farFuture)
            _ = try writer.write(batch)
            return try server.hash("price:bitcoin:usd")
        }
        let hash = try write(trade)
        #expect(hash["size"] == "0.012345678901234567" && hash["trade_id"] == "1098675511" && hash["side"] == "sell")
        #expect(try messages.next()?.text == CacheFixture.json(trade))
        let quote = try write(CacheFixture.tick("bitcoin", seconds: 101, price: 67_188))
        #expect(quote["price"] == "67188" && quote["size"] == nil && quote["trade_id"] == nil && quote["side"] == nil)
    }

    @Test("a candle's hash has of its trades what the newest revision says, and nothing of an older one")
    func tradesOfCandle() throws {
        let server = try RedisServer()
        let writer = try CacheFixture.writer(server)
        let messages = try RedisSubscriber(server, pattern: "candles:*")
        let fields = ["trade_count", "volume", "quote_volume", "vwap"]
        let revisions: [[String?]] = [
            [nil, nil, nil, nil],
            ["1", "0", "0", nil],
            ["1", "100000000000000000000", nil, "7"],
            ["1", "0.000000000000000003", "0.000000000000000021", "7"],
            [nil, nil, nil, nil],
        ]
        for (revision, figures) in revisions.enumerated() {
            var candle = CacheFixture.candle("bitcoin", minute: 1, revision: revision, close: 7)
            candle.totalVolume = Price(5)
            candle.tradeCount = figures[0].flatMap { Int($0) }
            candle.volume = figures[1].flatMap { Price($0) }
            candle.quoteVolume = figures[2].flatMap { Price($0) }
            candle.vwap = figures[3].flatMap { Price($0) }
            var batch = CacheBatch()
            batch.add(candle, latest: CacheFixture.farFuture)
            _ = try writer.write(batch)
            let hash = try server.hash("candle:bitcoin:usd:1m")
            #expect(fields.map { hash[$0] } == figures, "revision \(revision)")
            #expect(hash["total_volume"] == "5", "the 24-hour figure stays what it was")
            let message = try #require(try messages.next()).text
            #expect(try PriceAggregate(json: Array(message.utf8).span) == candle)
            let entries = try server.cli("ZRANGE", "candles:bitcoin:usd:1m", "0", "-1")
            let names = ["nt", "v", "q", "w"]
            let entry = try #require(CandleEntry(json: Array(entries.utf8)))
            #expect(entry.trades == Candle(candle).trades && entry.totalVolume == Price(5))
            #expect(names.map { entries.contains("\"\($0)\":") } == figures.map { $0 != nil })
        }
    }

    @Test("an older tick, and the same one again, change nothing and are not published")
    func refusesOlder() throws {
        let server = try RedisServer()
        let writer = try CacheFixture.writer(server)
        let messages = try RedisSubscriber(server, pattern: "prices:*")
        let offers: [(seconds: Int64, offset: Int64, price: Int128, isWritten: Bool)] = [
            (100, 50, 1, true), (100, 50, 2, false), (99, 51, 3, false), (100, 49, 4, false), (100, 52, 5, true),
            (101, 3, 6, true), (100, 99, 7, false),
        ]
        for offer in offers {
            var batch = CacheBatch()
            let tick = CacheFixture.tick("bitcoin", seconds: offer.seconds, price: offer.price)
            batch.add(tick, offset: offer.offset, latest: CacheFixture.farFuture)
            let receipt = try writer.write(batch)
            #expect(receipt.prices.written == (offer.isWritten ? 1 : 0), "\(offer)")
            #expect(receipt.prices.older == (offer.isWritten ? 0 : 1), "\(offer)")
        }
        #expect(try server.cli("HGET", "price:bitcoin:usd", "price") == "6")
        try server.cli("PUBLISH", "prices:end", "end")
        var heard: [String] = []
        while let message = try messages.next(), message.channel != "prices:end" { heard.append(message.text) }
        let expected = [(100, 1), (100, 5), (101, 6)] as [(Int64, Int128)]
        #expect(heard == expected.map { CacheFixture.json(CacheFixture.tick("bitcoin", seconds: $0, price: $1)) })
    }

    @Test("of candles a later window wins, and within a window the higher revision")
    func guardsCandles() throws {
        let server = try RedisServer()
        let writer = try CacheFixture.writer(server)
        let offers: [(minute: Int64, revision: Int, close: Int128, isWritten: Bool)] = [
            (1, 0, 1, true), (1, 1, 2, true), (1, 0, 3, false), (1, 1, 4, false), (2, 0, 5, true), (1, 8, 6, false),
        ]
        for offer in offers {
            var batch = CacheBatch()
            batch.add(
                CacheFixture.candle("bitcoin", minute: offer.minute, revision: offer.revision, close: offer.close),
                latest: CacheFixture.farFuture
            )
            let receipt = try writer.write(batch)
            // A late revision of an older minute still goes into the history.
            #expect(receipt.candles.written == (offer.isWritten || offer.revision == 8 ? 1 : 0), "\(offer)")
        }
        let hash = try server.hash("candle:bitcoin:usd:1m")
        #expect(hash["close"] == "5")
        #expect(hash["revision"] == "0")
        #expect(hash["time_us"] == "120000000")
    }

    @Test("an alert is kept and published once, however often it comes; only the latest stay")
    func keepsAlerts() throws {
        let server = try RedisServer()
        let writer = try CacheFixture.writer(server, keptAlerts: 3)
        let messages = try RedisSubscriber(server, pattern: "alerts:*")
        func write(_ seconds: [Int64]) throws -> CacheReceipt.Count {
            var batch = CacheBatch()
            for second in seconds {
                batch.add(CacheFixture.alert("bitcoin", seconds: second), latest: CacheFixture.farFuture)
            }
            return try writer.write(batch).alerts
        }
        #expect(try write([1, 2, 2]) == CacheReceipt.Count(written: 2, older: 1))
        #expect(try write([2, 3, 4]) == CacheReceipt.Count(written: 2, older: 1))
        #expect(try write([1]) == CacheReceipt.Count(written: 0, older: 1), "older than all that are kept")
        let kept = try server.cli("ZREVRANGE", "alerts", "0", "-1").split(separator: "\n").map(String.init)
        #expect(kept == [4, 3, 2].map { CacheFixture.json(CacheFixture.alert("bitcoin", seconds: $0)) })
        try server.cli("PUBLISH", "alerts:end", "end")
        var heard = 0
        while let message = try messages.next(), message.channel != "alerts:end" {
            #expect(message.channel == "alerts:bitcoin:usd")
            heard += 1
        }
        #expect(heard == 4)
    }

    @Test("every key and channel has the prefix, and a time to live of 0 means for ever")
    func usesPrefix() throws {
        let server = try RedisServer()
        let writer = try CacheFixture.writer(server, prefix: "stack1:", timeToLive: 0)
        let messages = try RedisSubscriber(server, pattern: "*")
        var batch = CacheBatch()
        batch.add(CacheFixture.tick("bitcoin", seconds: 1, price: 1), offset: 0, latest: CacheFixture.farFuture)
        batch.add(CacheFixture.candle("bitcoin", minute: 1, revision: 0, close: 1), latest: CacheFixture.farFuture)
        batch.add(CacheFixture.alert("bitcoin", seconds: 1), latest: CacheFixture.farFuture)
        _ = try writer.write(batch)
        let keys = try server.cli("KEYS", "*").split(separator: "\n").map(String.init).sorted()
        #expect(
            keys == [
                "stack1:alerts", "stack1:candle:bitcoin:usd:1m", "stack1:candles:bitcoin:usd:1m", "stack1:coins:usd",
                "stack1:price:bitcoin:usd",
            ]
        )
        #expect(try server.cli("PTTL", "stack1:price:bitcoin:usd") == "-1")
        var channels: [String] = []
        for _ in 0..<4 { channels.append(try #require(try messages.next()).channel) }
        #expect(
            channels == [
                "stack1:prices:bitcoin:usd", "stack1:candles:bitcoin:usd:1m", "stack1:alerts:bitcoin:usd",
                "stack1:alerts",
            ]
        )
    }

    @Test("scripts that the server forgot are loaded again within the batch")
    func reloadsScripts() throws {
        let server = try RedisServer()
        let writer = try CacheFixture.writer(server)
        try writer.connect()
        try server.cli("SCRIPT", "FLUSH")
        var batch = CacheBatch()
        for coin in 0..<1_300 {
            batch.add(
                CacheFixture.tick("coin-\(coin)", seconds: 1, price: 1),
                offset: 0,
                latest: CacheFixture.farFuture
            )
        }
        let receipt = try writer.write(batch)
        #expect(receipt.prices == CacheReceipt.Count(written: 1_300, older: 0))
        #expect(receipt.roundTrips.count == 1)
        #expect(try server.cli("DBSIZE") == "1301")
    }

    @Test("a batch that met a dead, a full or a read-only Redis can be written again when that is over")
    func writesAgain() throws {
        let server = try RedisServer()
        let writer = try CacheFixture.writer(server)
        try writer.connect()
        var batch = CacheBatch()
        for coin in 0..<600 {
            batch.add(
                CacheFixture.tick("coin-\(coin)", seconds: 1, price: 1),
                offset: 0,
                latest: CacheFixture.farFuture
            )
        }
        server.stop()
        let dead = try #require(throws: RedisError.self) { try writer.write(batch) }
        #expect(dead.kind == .connection)
        try server.start()
        try server.cli("CONFIG", "SET", "maxmemory", "1")
        let full = try #require(throws: RedisError.self) { try writer.write(batch) }
        #expect(full.kind == .unavailable, "\(full)")
        try server.cli("CONFIG", "SET", "maxmemory", "0")
        try server.cli("REPLICAOF", "127.0.0.1", "1")
        let replica = try #require(throws: RedisError.self) { try writer.write(batch) }
        #expect(replica.kind == .unavailable, "\(replica)")
        try server.cli("REPLICAOF", "NO", "ONE")
        let receipt = try writer.write(batch)
        #expect(receipt.prices == CacheReceipt.Count(written: 600, older: 0))
    }

    @Test("a key of another program is left alone and named, and all others are written and published")
    func leavesForeignKeys() throws {
        let server = try RedisServer()
        let names = ["price:b:usd", "candle:c:usd:1m", "candles:d:usd:1m", "coins:eur", "alerts"]
        for name in names { try server.cli("SET", name, "mine") }
        let messages = try RedisSubscriber(server, pattern: "*")
        var batch = CacheBatch()
        for (offset, coin) in ["a", "b", "c", "d", "e"].enumerated() {
            var tick = CacheFixture.tick(coin, seconds: 1, price: 1)
            if coin == "e" { tick.vsCurrency = "eur" }
            batch.add(tick, offset: Int64(offset), latest: CacheFixture.farFuture)
            batch.add(CacheFixture.candle(coin, minute: 1, revision: 0, close: 1), latest: CacheFixture.farFuture)
        }
        batch.add(CacheFixture.alert("a", seconds: 1), latest: CacheFixture.farFuture)
        let writer = try CacheFixture.writer(server)
        for isFirst in [true, false] {
            let receipt = try writer.write(batch)
            #expect(receipt.prices == CacheReceipt.Count(written: isFirst ? 4 : 0, older: isFirst ? 0 : 4))
            // The history of c is written, only its latest candle isn't.
            #expect(receipt.candles == CacheReceipt.Count(written: isFirst ? 5 : 0, older: isFirst ? 0 : 3))
            #expect(receipt.alerts == CacheReceipt.Count())
            #expect(Set(receipt.keysInTheWay) == Set(names).subtracting(isFirst ? [] : ["coins:eur"]))
        }
        for name in names { #expect(try server.cli("GET", name) == "mine") }
        #expect(try server.hash("price:e:eur")["price"] == "1" && server.hash("candle:d:usd:1m")["close"] == "1")
        #expect(try server.cli("ZCARD", "candles:c:usd:1m") == "1" && server.cli("ZCARD", "coins:usd") == "3")
        try server.cli("PUBLISH", "end", "end")
        var heard: [String] = []
        while let message = try messages.next(), message.channel != "end" { heard.append(message.channel) }
        #expect(
            heard.filter { $0.hasPrefix("prices:") } == ["a:usd", "c:usd", "d:usd", "e:eur"].map { "prices:\($0)" }
        )
        #expect(heard.filter { $0.hasPrefix("candles:") } == ["a", "b", "d", "e"].map { "candles:\($0):usd:1m" })
    }

    @Test("what is silent is written and not published")
    func writesSilently() throws {
        let server = try RedisServer()
        let messages = try RedisSubscriber(server, pattern: "*")
        let writer = try CacheFixture.writer(server)
        for second in [Int64(60), 120] {
            var batch = CacheBatch()
            let isSilent = second == 60
            let tick = CacheFixture.tick("a", seconds: second, price: 1)
            let candle = CacheFixture.candle("a", minute: second / 60, revision: 0, close: 1)
            batch.add(tick, offset: second, latest: CacheFixture.farFuture, isSilent: isSilent)
            batch.add(candle, latest: CacheFixture.farFuture, isSilent: isSilent)
            batch.add(CacheFixture.alert("a", seconds: second), latest: CacheFixture.farFuture, isSilent: isSilent)
            let receipt = try writer.write(batch)
            #expect([receipt.prices, receipt.candles, receipt.alerts].allSatisfy { $0.written == 1 && $0.older == 0 })
            #expect(try server.hash("price:a:usd")["time_us"] == "\(second * 1_000_000)")
            #expect(try server.cli("ZCARD", "alerts") == "\(second / 60)")
            #expect(batch.ingestedAt.count == (isSilent ? 0 : 1), "how long it took says nothing")
        }
        try server.cli("PUBLISH", "end", "end")
        var heard: [String] = []
        while let message = try messages.next(), message.channel != "end" { heard.append(message.channel) }
        #expect(heard == ["prices:a:usd", "candles:a:usd:1m", "alerts:a:usd", "alerts"])
    }

    @Test("a position moves on with the keys, and only where Redis has what it had")
    func movesPositions() throws {
        let server = try RedisServer()
        let writer = try CacheFixture.writer(server)
        let places = ["a", "b"].map { PartitionPosition(TopicPartition(topic: $0, partition: 0), key: $0) }
        #expect(try writer.claim(places) == [nil, nil])
        func move(_ steps: [(key: String, atLeast: Int64, next: Int64)]) throws -> [Int64] {
            try writer.write(
                CacheBatch(),
                moving: steps.map { PositionStep(key: $0.key, atLeast: $0.atLeast, next: $0.next) }
            ).positions
        }
        #expect(try move([("a", -1, 5), ("b", 3, 9)]) == [-1, -1])
        #expect(try writer.positions(["a", "b"]) == [5, nil], "b has lost what it had: it stays away")
        #expect(try move([("a", 5, 8), ("b", -1, 0)]) == [5, -1])
        #expect(try writer.positions(["a", "b"]) == [8, 0])
        #expect(try move([("a", 7, 1)]) == [8])
        #expect(try writer.positions(["a"]) == [1])
        #expect((60_001...86_400_000).contains(try #require(Int(try server.cli("PTTL", "a")))))
        try server.cli("DEL", "b")
        try server.cli("LPUSH", "b", "mine")
        #expect(try move([("a", 1, 2), ("b", 2, 3)]) == [1, -2])
        #expect(try writer.positions(["a", "b"]) == [2, nil])
        #expect(try server.cli("TYPE", "b") == "list")
        let short = try CacheFixture.writer(server, timeToLive: 1)
        _ = try short.claim(places)
        _ = try short.write(CacheBatch(), moving: [PositionStep(key: "c", atLeast: -1, next: 1)])
        #expect((50_000...60_000).contains(try #require(Int(try server.cli("PTTL", "c")))), "it outlives the keys")
    }

    @Test("a Redis that went back to an old copy: no position moves on before all have been looked at")
    func wentBack() throws {
        let server = try RedisServer()
        let writer = try CacheFixture.writer(server)
        let places = ["a", "b"].map { PartitionPosition(TopicPartition(topic: $0, partition: 0), key: $0) }
        func move(_ steps: [PositionStep], checking all: [PositionStep]) throws -> CacheReceipt {
            try writer.write(CacheBatch(), moving: steps, checking: all)
        }
        _ = try writer.claim(places)
        let first = places.map { PositionStep(key: $0.key, atLeast: -1, next: 5) }
        #expect(try move(first, checking: first).positions == [-1, -1])
        // The copy is of a time when another Cacher had the partitions.
        let other = try CacheFixture.writer(server)
        _ = try other.claim(places)
        try server.cli(
            "EVAL",
            "for _, k in ipairs(redis.call('KEYS', '*')) do redis.call('COPY', k, k, 'DB', 1) end",
            "0"
        )
        writer.release()
        #expect(try writer.claim(places) == [5, 5])
        let second = [PositionStep(key: "b", atLeast: 5, next: 9)]
        #expect(try move(second, checking: [PositionStep(key: "a", atLeast: 5, next: 5)] + second).isMade)
        try server.cli("SWAPDB", "0", "1")
        let third = [PositionStep(key: "a", atLeast: 5, next: 6)]
        let all = [PositionStep(key: "a", atLeast: 5, next: 5), PositionStep(key: "b", atLeast: 9, next: 9)]
        // The other one's claim came back with the copy: once it is left alone.
        #expect(throws: RedisError.self) { try move(third, checking: all) }
        let receipt = try move(third, checking: all)
        #expect(!receipt.isMade && receipt.positions == [5, 5])
        #expect(try writer.positions(["a", "b"]) == [5, 5])
    }

    @Test("the index of a currency holds so many coins and no more, the first ones by rank")
    func boundsIndex() throws {
        let server = try RedisServer()
        let fill = "for i = 1, \(CacheScript.maximumCoins) do redis.call('ZADD', 'coins:usd', i, 'coin-' .. i) end"
        try server.cli("EVAL", fill, "0")
        let writer = try CacheFixture.writer(server)
        var ranked = CacheFixture.tick("bitcoin", seconds: 1, price: 1)
        ranked.marketCapRank = 1
        var batch = CacheBatch()
        batch.add(ranked, offset: 0, latest: CacheFixture.farFuture)
        batch.add(CacheFixture.tick("unranked", seconds: 1, price: 1), offset: 1, latest: CacheFixture.farFuture)
        _ = try writer.write(batch)
        #expect(try server.cli("ZCARD", "coins:usd") == "\(CacheScript.maximumCoins)")
        #expect(try server.cli("ZRANK", "coins:usd", "bitcoin") == "0")
        #expect(try server.cli("EXISTS", "price:unranked:usd") == "1")
    }

    @Test("a coin and a currency with colons share no key with another pair")
    func keepsPairsApart() {
        let keys = CacheKeys()
        let names = ["a", "b", ":", "a:b", "b:c", "%", "%3A", "a%", "1m"]
        let pairs = names.flatMap { coin in names.map { CoinKey(coinID: coin, vsCurrency: $0) } }
        #expect(Set(pairs.map { ByteText(keys.price($0)) }).count == pairs.count)
        #expect(Set(pairs.map { ByteText(keys.candle($0)) }).count == pairs.count)
        #expect(Set(pairs.map { ByteText(keys.candles($0)) }).count == pairs.count)
        #expect(Set(pairs.map { ByteText(keys.priceChannel($0)) }).count == pairs.count)
        #expect(keys.price(CoinKey(coinID: "avalanche-2", vsCurrency: "usd")) == "price:avalanche-2:usd")
        #expect(keys.price(CoinKey(coinID: "a:%", vsCurrency: ":")) == "price:a%3A%25:%3A")
    }

    @Test("of windows only those that may be over are taken")
    func refusesOddWindows() {
        let latest = EventTime(milliseconds: 120_000)
        func reason(_ change: (inout PriceAggregate) -> Void) -> String? {
            var batch = CacheBatch()
            var candle = CacheFixture.candle("bitcoin", minute: 2, revision: 0, close: 1)
            change(&candle)
            let reason = batch.add(candle, latest: latest)
            #expect((reason == nil) == !batch.isEmpty)
            return reason
        }
        func move(_ candle: inout PriceAggregate, by microseconds: Int64) {
            candle.windowStart.microseconds += microseconds
            candle.windowEnd.microseconds += microseconds
        }
        #expect(reason { _ in } == nil)
        #expect(reason { move(&$0, by: -60_000_000) } == nil)
        #expect(reason { move(&$0, by: 60_000_000) }?.contains("CACHER_MAX_FUTURE") == true)
    }

    @Test("a tick from the far future never gets into Redis")
    func refusesFuture() throws {
        var batch = CacheBatch()
        let latest = EventTime(milliseconds: 1_000)
        batch.add(CacheFixture.tick("bitcoin", seconds: 1, price: 1), offset: 0, latest: latest)
        batch.add(CacheFixture.tick("bitcoin", seconds: 2, price: 2), offset: 1, latest: latest)
        #expect(batch.tooEarlyCount == 1)
        #expect(batch.ticks.map(\.tick.price.units) == [Price.unitsPerOne])
        #expect(batch.ingestedAt.count == 1)
    }
}
