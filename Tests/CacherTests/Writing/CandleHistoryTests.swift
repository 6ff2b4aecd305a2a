import Shared
import TestSupport
import Testing

@testable import Cacher

/// The history of a coin's candles in Redis.
@Suite("CandleHistory", .ownThread)
struct CandleHistoryTests {
    private func entries(_ server: RedisServer) throws -> [String] {
        try server.cli("ZRANGE", "candles:bitcoin:usd:1m", "0", "-1").split(separator: "\n").map(String.init)
    }

    private func entry(_ candle: PriceAggregate) -> String {
        var json = JSONWriter()
        candle.writeEntry(to: &json)
        return json.text
    }

    @Test(
        "whatever order candles come in, and however often, the newest minutes stay, each at its highest revision",
        arguments: 1...3
    )
    func model(seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        let server = try RedisServer()
        let kept = 20
        let writers = try (0..<2).map { _ in try CacheFixture.writer(server, keptCandles: kept) }
        let messages = try RedisSubscriber(server, pattern: "candles:*")
        /// Close by minute and revision: the same candle is always the same.
        var newest: [Int64: PriceAggregate] = [:]
        for _ in 0..<150 {
            var batch = CacheBatch()
            for _ in 0..<Int(1 + random.next() % 5) {
                let (minute, revision) = (Int64(random.next() % 60), Int(random.next() % 4))
                let candle = CacheFixture.candle(
                    "bitcoin",
                    minute: minute,
                    revision: revision,
                    close: Int128(minute * 10) + Int128(revision)
                )
                batch.add(candle, latest: CacheFixture.farFuture)
                if newest[minute].map({ $0.revision < revision }) ?? true { newest[minute] = candle }
            }
            _ = try random.pick(writers).write(batch)
            let model = newest.sorted { $0.key < $1.key }.suffix(kept).map { entry($0.value) }
            #expect(try entries(server) == model, "seed \(seed)")
            // What was pushed out of the history is forgotten, and comes again as if it were new.
            newest = Dictionary(uniqueKeysWithValues: newest.sorted { $0.key < $1.key }.suffix(kept))
        }
        try server.cli("PUBLISH", "candles:end", "end")
        var versions: [CacheVersion] = []
        while let message = try messages.next(), message.channel != "candles:end" {
            let candle = try PriceAggregate(json: Array(message.text.utf8).span)
            versions.append(
                CacheVersion(timeMicroseconds: candle.windowStart.microseconds, order: Int64(candle.revision))
            )
        }
        #expect(zip(versions, versions.dropFirst()).allSatisfy(<), "seed \(seed): the channel goes forward only")
        #expect(!versions.isEmpty)
    }

    @Test("an entry says what the candle was, with every digit, and is found by its time")
    func entryOfACandle() throws {
        let server = try RedisServer()
        var candle = CacheFixture.candle("bitcoin", minute: 3, revision: 2, close: 7)
        candle.high = try #require(Price("67187.335893612345678901"))
        candle.totalVolume = Price(units: 1)
        candle.tradeCount = 1
        candle.volume = Price("0.015625")
        candle.quoteVolume = Price("1049.802123337698")
        candle.vwap = Price("67187.335893612345678")
        candle.synthetic = true
        candle.partial = true
        var batch = CacheBatch()
        batch.add(candle, latest: CacheFixture.farFuture)
        batch.add(CacheFixture.candle("bitcoin", minute: 4, revision: 0, close: 8), latest: CacheFixture.farFuture)
        _ = try CacheFixture.writer(server).write(batch)
        let found = try server.cli("ZRANGEBYSCORE", "candles:bitcoin:usd:1m", "180000", "239999")
        #expect(
            found
                == #"{"t":180000,"o":"7","h":"67187.335893612345678901","l":"7","c":"7","v":"0.015625","#
                + #""q":"1049.802123337698","w":"67187.335893612345678","v24":"0.000000000000000001","#
                + #""n":1,"nt":1,"r":2,"s":true,"p":true}"#
        )
        #expect(try server.cli("PTTL", "candles:bitcoin:usd:1m") != "-1")
    }

    @Test("with a history of 0 there is none, and the latest candle is written all the same")
    func none() throws {
        let server = try RedisServer()
        var batch = CacheBatch()
        batch.add(CacheFixture.candle("bitcoin", minute: 3, revision: 0, close: 7), latest: CacheFixture.farFuture)
        _ = try CacheFixture.writer(server, keptCandles: 0).write(batch)
        #expect(try server.cli("KEYS", "*") == "candle:bitcoin:usd:1m")
    }
}
