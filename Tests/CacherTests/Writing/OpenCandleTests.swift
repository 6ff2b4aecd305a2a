import Foundation
import Shared
import TestSupport
import Testing

@testable import Cacher

/// The minute that is open, against a model that knows all ticks and adds up what is asked for.
@Suite("The open candle", .ownThread)
struct OpenCandleTests {
    /// The minute that the clock stands in.
    private static let minute: Int64 = 1_800_000_000_000_000 / OpenCandle.length * OpenCandle.length
    private static let now = EventTime(microseconds: minute + 40_000_000)

    /// A tick of the log, which is in the order of the offsets.
    private struct Logged {
        var microseconds: Int64
        var price: Int
        var size: Int?

        func tick(_ coin: String) -> PriceTick {
            var tick = CacheFixture.tick(coin, seconds: 0, price: Int128(price))
            tick.timestamp = EventTime(microseconds: microseconds)
            tick.size = size.map { Price($0) }
            return tick
        }
    }

    /// What a reader sees; numbers as they stand in the JSON.
    private struct Seen: Decodable, Equatable {
        var t: Int64
        var o: String
        var h: String
        var l: String
        var c: String
        var n: Int
        var v: String?
        var nt: Int?
        var open: Bool
    }

    /// The newest minute of a log.
    private static func expected(_ log: [Logged]) -> Seen? {
        guard let newest = log.map({ $0.microseconds / OpenCandle.length }).max() else { return nil }
        let ticks = log.enumerated().filter { $0.element.microseconds / OpenCandle.length == newest }
        let byTime = ticks.sorted { ($0.element.microseconds, $0.offset) < ($1.element.microseconds, $1.offset) }
        let prices = ticks.map(\.element.price)
        let sizes = ticks.compactMap(\.element.size)
        guard let first = byTime.first, let last = byTime.last, let high = prices.max(), let low = prices.min() else {
            return nil
        }
        return Seen(
            t: newest * 60_000,
            o: "\(first.element.price)",
            h: "\(high)",
            l: "\(low)",
            c: "\(last.element.price)",
            n: ticks.count,
            v: sizes.isEmpty ? nil : "\(sizes.reduce(0, +))",
            nt: sizes.isEmpty ? nil : sizes.count,
            open: true
        )
    }

    private static func log(_ count: Int, _ random: inout SplitMix64) -> [Logged] {
        let trades = random.chance(1, in: 2)
        return (0..<count).map { offset in
            // Three minutes go by; times are in disorder, and often the same.
            let time = minute - 120_000_000 + Int64(offset) * 160_000_000 / Int64(count)
            return Logged(
                microseconds: time + Int64.random(in: -20...20, using: &random) * 1_000_000 / 4,
                price: Int.random(in: 1...50, using: &random),
                size: trades && random.chance(3, in: 4) ? Int.random(in: 0...9, using: &random) : nil
            )
        }
    }

    private static func seen(_ server: RedisServer, _ coin: String) throws -> Seen? {
        let text = try server.cli("GET", "open:\(coin):usd:1m")
        return text.isEmpty ? nil : try JSONDecoder().decode(Seen.self, from: Data(text.utf8))
    }

    @Test(
        "Whatever is read again, and whoever takes over, it holds each tick of its minute once",
        arguments: 1...10 as ClosedRange<UInt64>
    )
    func model(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let server = try RedisServer()
        let names = ["a", "b:%", "c"]
        let logs = names.map { _ in Self.log(300, &random) }
        var writer = try CacheFixture.writer(server)
        var coins = CoinTable()
        try writer.claim(["prices.raw:0"])
        /// How far the one who reads has the log, and how far Redis.
        var (next, written) = (0, 0)
        while written < 300 {
            switch Int.random(in: 0..<8, using: &random) {
            case 0:
                // A process that is killed, or another that takes over: it reads from the position, or before.
                writer = try CacheFixture.writer(server)
                coins = CoinTable()
                try writer.claim(["prices.raw:0"])
                next = max(0, written - Int.random(in: 0...20, using: &random))
            case 1:
                // Something is read again.
                next = max(0, next - Int.random(in: 0...40, using: &random))
            case 2:
                // The coins' numbers are forgotten, between two batches.
                coins.removeAll()
                next = min(next, written)
            default:
                var batch = CacheBatch(coins: coins)
                let end = min(300, next + Int.random(in: 1...30, using: &random))
                for offset in next..<end {
                    for (name, log) in zip(names, logs) {
                        batch.add(
                            log[offset].tick(name),
                            offset: Int64(offset),
                            latest: CacheFixture.farFuture,
                            now: Self.now
                        )
                    }
                }
                next = end
                // Now and then it dies before Redis hears of it, or without waiting for the answer.
                if random.chance(1, in: 8) {
                    writer = try CacheFixture.writer(server)
                    coins = CoinTable()
                    try writer.claim(["prices.raw:0"])
                    next = written
                    continue
                }
                _ = try writer.write(batch)
                written = max(written, end)
                for (name, log) in zip(names, logs) {
                    let read = Array(log[..<written])
                    let key = name.replacing("%", with: "%25").replacing(":", with: "%3A")
                    let seen = try Self.seen(server, key)
                    // A minute that is long over is in nobody's interest.
                    let isOpen = Self.expected(read).map { $0.t * 1_000 >= Self.minute - 60_000_000 } ?? false
                    #expect(seen == (isOpen ? Self.expected(read) : nil), "seed \(seed), \(written) read")
                }
            }
        }
    }

    @Test("It goes a minute after its own is over")
    func life() throws {
        let server = try RedisServer()
        let writer = try CacheFixture.writer(server)
        let coins = CoinTable()
        func write(_ offset: Int64, at time: Int64, now: Int64) throws {
            var batch = CacheBatch(coins: coins)
            let tick = Logged(microseconds: time, price: 7).tick("a")
            batch.add(
                tick,
                offset: offset,
                latest: CacheFixture.farFuture,
                now: EventTime(microseconds: now)
            )
            _ = try writer.write(batch)
        }
        try write(1, at: Self.minute, now: Self.minute + 119_000_000)
        let life = try #require(Int(try server.cli("PTTL", "open:a:usd:1m")))
        #expect((1...1_000).contains(life))
        try write(2, at: Self.minute + 60_000_000, now: Self.minute + 60_000_000)
        #expect(try server.cli("PTTL", "open:a:usd:1m").count == 6)
        try server.cli("DEL", "open:a:usd:1m")
        // An old tick opens nothing.
        try write(3, at: Self.minute - 60_000_000, now: Self.minute + 60_000_000)
        #expect(try Self.seen(server, "a")?.n == 1)
        try write(4, at: Self.minute, now: Self.minute + 240_000_000)
        #expect(try Self.seen(server, "a")?.t == (Self.minute + 60_000_000) / 1_000)
    }

    @Test("A key of another type is left alone, and the price is written all the same")
    func keyInTheWay() throws {
        let server = try RedisServer()
        try server.cli("HSET", "open:a:usd:1m", "mine", "1")
        let writer = try CacheFixture.writer(server)
        try writer.claim(["prices.raw:0"])
        let coins = CoinTable()
        for offset in 1...2 {
            var batch = CacheBatch(coins: coins)
            batch.add(
                Logged(microseconds: Self.minute + Int64(offset), price: offset).tick("a"),
                offset: Int64(offset),
                latest: CacheFixture.farFuture,
                now: Self.now
            )
            #expect(try writer.write(batch).keysInTheWay == ["open:a:usd:1m"])
        }
        #expect(try server.cli("HGET", "open:a:usd:1m", "mine") == "1")
        #expect(try server.cli("HGET", "price:a:usd", "price") == "2")
    }

    @Test("Where CACHER_MAX_FUTURE lets a minute be far ahead of the clock, it holds its ticks all the same")
    func ahead() throws {
        let server = try RedisServer()
        let writer = try CacheFixture.writer(server)
        let coins = CoinTable()
        let log = (1...3).map { Logged(microseconds: Self.minute + 600_000_000 + Int64($0), price: $0) }
        for (offset, tick) in log.enumerated() {
            var batch = CacheBatch(coins: coins)
            batch.add(
                tick.tick("a"),
                offset: Int64(offset),
                latest: EventTime(microseconds: Self.now.microseconds + 3_600_000_000),
                now: Self.now
            )
            _ = try writer.write(batch)
        }
        #expect(try Self.seen(server, "a") == Self.expected(log))
    }

    @Test("What another program left there, or a wrong clock, does no harm")
    func strange() throws {
        let server = try RedisServer()
        let ahead = (Self.minute + 3_600_000_000) / 1_000
        for text in [
            "", "x", "{}", "[1]", #"{"t":1,"o":"1","h":"1","l":"1","c":"1","n":1,"offset":9}"#,
            #"{"t":\#(ahead),"o":"1","h":"1","l":"1","c":"1","n":1,"first":\#(ahead * 1_000),"last":\#(ahead * 1_000),"offset":9}"#,
            #"{"t":\#(Self.minute / 1_000),"o":"1","h":"1","l":"1","c":"1","n":-1,"first":0,"last":0,"offset":9}"#,
        ] {
            try server.cli("SET", "open:a:usd:1m", text)
            let writer = try CacheFixture.writer(server)
            var batch = CacheBatch()
            batch.add(
                Logged(microseconds: Self.minute + 1, price: 3).tick("a"),
                offset: 1,
                latest: EventTime(microseconds: Self.now.microseconds + 60_000_000),
                now: Self.now
            )
            _ = try writer.write(batch)
            #expect(try Self.seen(server, "a") == Self.expected([Logged(microseconds: Self.minute + 1, price: 3)]))
        }
    }
}
