import Shared
import TestSupport
import Testing

@testable import Cacher

/// The keys beside a coin's price and minute: other windows, rankings, movers, streams.
@Suite("Windows, rankings, movers and streams", .ownThread)
struct MoreKeysTests {
    private let server: RedisServer
    private let writer: CacheWriter
    private let coins = CoinTable()

    init() throws {
        server = try RedisServer()
        writer = try CacheFixture.writer(server, keptCandles: 1_440)
        try writer.claim(["prices.raw:0"])
    }

    private func write(extent: CacheBatch.Extent = .init(), _ body: (inout CacheBatch) -> Void) throws {
        var batch = CacheBatch(coins: coins, extent: extent)
        body(&batch)
        _ = try writer.write(batch)
    }

    private func lines(_ arguments: String...) throws -> [String] {
        let text =
            arguments.count == 4
            ? try server.cli(arguments[0], arguments[1], arguments[2], arguments[3])
            : try server.cli(arguments[0], arguments[1], arguments[2], arguments[3], arguments[4])
        return text.split(separator: "\n").map(String.init)
    }

    @Test("Every kind of window has a key and a channel; tumbling ones have a history")
    func windows() throws {
        let messages = try RedisSubscriber(server, pattern: "candles:*")
        for round in Int64(0)..<3 {
            try write { batch in
                var five = CacheFixture.candle("a", minute: round * 5, revision: 0, close: Int128(round + 1))
                five.windowEnd.microseconds += 240_000_000
                batch.add(five, latest: CacheFixture.farFuture)
                five.window = .sliding
                batch.add(five, latest: CacheFixture.farFuture)
                let minute = CacheFixture.candle("a", minute: round, revision: 0, close: 9)
                batch.add(minute, latest: CacheFixture.farFuture)
            }
        }
        #expect(try server.cli("HGET", "candle:a:usd:5m", "close") == "3")
        #expect(try server.cli("HGET", "candle:a:usd:sliding-5m", "window") == "sliding")
        #expect(try server.cli("HGET", "candle:a:usd:1m", "close") == "9")
        #expect(try server.cli("ZCARD", "candles:a:usd:5m") == "3" && server.cli("ZCARD", "candles:a:usd:1m") == "3")
        #expect(try server.cli("EXISTS", "candles:a:usd:sliding-5m") == "0")
        var channels: [String] = []
        for _ in 0..<9 { channels.append(try #require(try messages.next()).channel) }
        #expect(channels.filter { $0 == "candles:a:usd:sliding-5m" }.count == 3)
        #expect(channels.filter { $0 == "candles:a:usd:5m" }.count == 3)
    }

    @Test("There is an end to the kinds of windows")
    func manyWindows() {
        var batch = CacheBatch(coins: coins)
        var reasons = 0
        for length in Int64(1)...100 {
            var candle = CacheFixture.candle("a", minute: 0, revision: 0, close: 1)
            candle.windowEnd = EventTime(microseconds: length * 1_000_000)
            if batch.add(candle, latest: CacheFixture.farFuture) != nil { reasons += 1 }
        }
        #expect(reasons == 100 - CoinTable.maximumWindows)
    }

    @Test("Market capitalisation and volume have sorted sets that follow the prices")
    func rankings() throws {
        func tick(_ coin: String, _ second: Int64, cap: Int?, volume: Int?) -> PriceTick {
            var tick = CacheFixture.tick(coin, seconds: second, price: 1)
            tick.marketCap = cap.map { Price($0) }
            tick.totalVolume = volume.map { Price($0) }
            return tick
        }
        func write(_ ticks: [PriceTick]) throws {
            try self.write { batch in
                for (offset, tick) in ticks.enumerated() {
                    batch.add(tick, offset: Int64(offset), latest: CacheFixture.farFuture)
                }
            }
        }
        try write([tick("a", 1, cap: 10, volume: 1), tick("b", 1, cap: 20, volume: 5)])
        try write([tick("c", 1, cap: nil, volume: 3)])
        #expect(try lines("ZREVRANGE", "marketcap:usd", "0", "-1") == ["b", "a"])
        #expect(try lines("ZREVRANGE", "volume:usd", "0", "-1") == ["b", "c", "a"])
        try write([tick("a", 2, cap: 30, volume: nil), tick("b", 2, cap: 20, volume: 6)])
        try write([tick("c", 2, cap: 1, volume: 9)])
        #expect(try lines("ZREVRANGE", "marketcap:usd", "0", "-1") == ["a", "b", "c"])
        #expect(try lines("ZREVRANGE", "volume:usd", "0", "-1", "WITHSCORES") == ["c", "9", "b", "6"])
        #expect(try server.cli("PTTL", "volume:usd") != "-1")
    }

    @Test("Coins whose price is gone are swept out of the sorted sets")
    func sweeps() throws {
        try write { batch in
            for number in 0..<1_200 {
                var tick = CacheFixture.tick("coin-\(number)", seconds: 1, price: 1)
                (tick.marketCap, tick.marketCapRank) = (Price(1), number)
                batch.add(tick, offset: Int64(number), latest: CacheFixture.farFuture)
            }
        }
        for number in stride(from: 0, to: 1_200, by: 100) { try server.cli("DEL", "price:coin-\(number):usd") }
        var sweep = IndexSweep()
        var gone = 0
        for _ in 0..<10 { gone += try sweep.turn(of: coins, through: writer) }
        #expect(gone == 12)
        #expect(try server.cli("ZCARD", "coins:usd") == "1188" && server.cli("ZCARD", "marketcap:usd") == "1188")
    }

    @Test("Movers are the change since the opens of the candles an hour and a day ago")
    func movers() throws {
        /// Opens at the number of its minute, closes one higher.
        func candle(_ coin: String, _ minute: Int64) -> PriceAggregate {
            var candle = CacheFixture.candle(coin, minute: minute, revision: 0, close: Int128(minute) + 1)
            candle.open = Price(Int(minute))
            candle.low = candle.open
            return candle
        }
        try write { batch in
            for minute in Int64(100)...200 { batch.add(candle("up", minute), latest: CacheFixture.farFuture) }
            batch.add(candle("young", 200), latest: CacheFixture.farFuture)
        }
        // 201 at the end of minute 200; an hour before that, minute 141 opened.
        let score = try #require(Double(try server.cli("ZSCORE", "movers:usd:1h", "up")))
        #expect(abs(score - (201.0 / 141 - 1) * 100) < 1e-9)
        #expect(try server.cli("ZCARD", "movers:usd:1h") == "1" && server.cli("EXISTS", "movers:usd:24h") == "0")
        try write { batch in
            for minute in Int64(201)...1_700 { batch.add(candle("up", minute), latest: CacheFixture.farFuture) }
        }
        let day = try #require(Double(try server.cli("ZSCORE", "movers:usd:24h", "up")))
        #expect(abs(day - (1_701.0 / 261 - 1) * 100) < 1e-9)
        // A late revision of an old minute is not the latest.
        try write { $0.add(candle("up", 1_650), latest: CacheFixture.farFuture) }
        #expect(try Double(server.cli("ZSCORE", "movers:usd:24h", "up")) == day)
    }

    @Test("All ticks are published when that is wanted, in their order, and the key has the newest")
    func publishesAll() throws {
        let messages = try RedisSubscriber(server, pattern: "prices:*")
        for round in 0..<2 {
            try write(extent: .init(publishesAll: true)) { batch in
                for second in [1, 3, 2, 4] {
                    let offset = round * 10 + second
                    let tick = CacheFixture.tick("a", seconds: Int64(offset), price: Int128(offset))
                    batch.add(tick, offset: Int64(offset), latest: CacheFixture.farFuture)
                }
            }
        }
        var prices: [String] = []
        for _ in 0..<6 {
            let text = try #require(try messages.next()).text
            prices.append(try PriceTick(json: Array(text.utf8).span).price.description)
        }
        #expect(prices == ["1", "3", "4", "11", "13", "14"])
        #expect(try server.cli("HGET", "price:a:usd", "price") == "14")
    }

    @Test("Streams have every record, those that came late too, and none twice")
    func streams() throws {
        try write(extent: .init(hasStreams: true)) { batch in
            for second in [1, 3, 2, 3] {
                let tick = CacheFixture.tick("a", seconds: Int64(second), price: Int128(second))
                batch.add(tick, offset: Int64(second), latest: CacheFixture.farFuture)
            }
            let old = CacheFixture.tick("a", seconds: 9, price: 9)
            batch.add(old, offset: 9, latest: CacheFixture.farFuture, isSilent: true)
            batch.add(CacheFixture.candle("a", minute: 1, revision: 0, close: 1), latest: CacheFixture.farFuture)
            batch.add(CacheFixture.alert("a", seconds: 1), latest: CacheFixture.farFuture)
        }
        #expect(try server.cli("XLEN", "stream:prices") == "4")
        #expect(try server.cli("XLEN", "stream:candles") == "1" && server.cli("XLEN", "stream:alerts") == "1")
        #expect(try server.cli("XRANGE", "stream:prices", "-", "+").contains(#""price":2"#))
    }

    @Test("What is published has what we don't know as well, and the strange spelling of what we do")
    func ownBytes() throws {
        let messages = try RedisSubscriber(server, pattern: "prices:*")
        let text =
            #"{"new":[1,{}],"coin_id":"a","vs_currency":"usd","price":1.0e1,"#
            + #""timestamp":"1970-01-01T00:00:01+00:00" }"#
        for round in 0..<2 {
            let bytes = Array(text.replacing(":01+", with: ":0\(round + 1)+").utf8)
            try write { batch in
                guard let tick = try? ScannedTick(json: bytes.span) else { return }
                batch.add(tick, of: bytes.span, offset: 1, latest: CacheFixture.farFuture)
            }
            #expect(try messages.next()?.text == String(decoding: bytes, as: UTF8.self))
        }
        #expect(try server.cli("HGET", "price:a:usd", "price") == "10")
    }
}
