import Foundation
import Shared
import TestSupport
import Testing

@testable import Cacher

/// What becomes of the cache when Redis loses data: all of it, or what came last.
@Suite("A Redis that lost data", .ownThread)
struct RecoveryTests {
    private let broker: TestBroker
    private let redis: RedisServer
    private let producer: KafkaProducer

    init() throws {
        broker = try TestBroker()
        redis = try RedisServer()
        producer = try KafkaProducer(settings: broker.settings, mode: .idempotent)
    }

    private func send(_ topic: Topic, key: String, _ value: String) throws {
        try producer.send(to: try producer.topic(broker.name(topic.rawValue)), key: key, value: Array(value.utf8))
    }

    private func send(_ coin: String, at second: Int64) throws {
        try send(.raw, key: coin, CacheFixture.json(CacheFixture.tick(coin, seconds: second, price: Int128(second))))
    }

    /// Forty coins with a price, five candles each, and an alert each; then a newer price.
    private func sendAll(_ coins: Range<Int> = 0..<40) throws {
        for coin in coins.map({ "coin-\($0)" }) {
            try send(coin, at: 10)
            for minute in Int64(1)...5 {
                var candle = JSONWriter()
                CacheFixture.candle(coin, minute: minute, revision: 0, close: Int128(minute)).write(to: &candle)
                try send(.aggregates1m, key: coin, candle.text)
            }
            try send(.alerts, key: coin, CacheFixture.json(CacheFixture.alert(coin, seconds: 5)))
            try send(coin, at: 11)
        }
        try producer.flush(timeout: .seconds(20))
    }

    /// All that readers see, by key; what the Cacher says of itself is left out.
    private func contents() throws -> [String: String] {
        let keys = try redis.cli("KEYS", "*").split(separator: "\n").map(String.init)
        var contents: [String: String] = [:]
        for key in keys where !key.hasPrefix("position:") && key != "freshness" && key != "owners" {
            contents[key] =
                key.hasPrefix("price:") || key.hasPrefix("candle:")
                ? try redis.hash(key).sorted { $0.key < $1.key }.description
                : try redis.cli("ZRANGE", key, "0", "-1", "WITHSCORES")
        }
        return contents
    }

    private func isReady(_ cacher: RunningCacher) -> Bool {
        cacher.readiness.conditions.dropFirst().allSatisfy { $0.state == .ok }
    }

    /// A Cacher that has written all of it, and knows that it is stored.
    private func settled(_ environment: [String: String] = [:]) async throws -> (RunningCacher, [String: String]) {
        try sendAll()
        let cacher = try RunningCacher(broker, redis, environment: environment)
        try await eventually("all is written") {
            try redis.cli("HGET", "price:coin-39:usd", "price") == "11" && redis.cli("ZCARD", "alerts") == "40"
                && cacher.metric(#"tickline_cacher_records_total{kind="candle"}"#) == 200 && cacher.lag == 0
        }
        try await eventually("it is ready") { isReady(cacher) }
        try await eventually("the positions are stored") {
            try redis.cli("KEYS", "position:*").split(separator: "\n").count == 12
        }
        let all = try contents()
        #expect(all.count == 40 * 3 + 2)
        return (cacher, all)
    }

    /// The messages until the one that is published last.
    private func heard(_ messages: RedisSubscriber) throws -> [RedisSubscriber.Message] {
        try redis.cli("PUBLISH", "end", "end")
        var heard: [RedisSubscriber.Message] = []
        while let message = try messages.next(), message.channel != "end" { heard.append(message) }
        return heard
    }

    @Test("After FLUSHALL all of it comes back by itself, and no subscriber hears of old values")
    func flushed() async throws {
        let (cacher, all) = try await settled()
        let messages = try RedisSubscriber(redis, pattern: "*")
        try redis.cli("FLUSHALL")
        try await eventually("all is there again") { try contents() == all }
        try await eventually("it is ready again") { isReady(cacher) }
        #expect(cacher.metric("tickline_cacher_refills_total") == 12)
        #expect(try heard(messages).isEmpty)

        // What is new is heard as ever.
        try send("coin-1", at: 12)
        try producer.flush(timeout: .seconds(20))
        try await eventually("the next tick is there") { try redis.cli("HGET", "price:coin-1:usd", "price") == "12" }
        #expect(try heard(messages).map(\.channel) == ["prices:coin-1:usd"])
        try await cacher.finish()
    }

    @Test("The movers come back too, reckoned once when all candles are there")
    func movers() async throws {
        // Within the last day, whole minutes.
        let now = EventTime.now().microseconds / 60_000_000
        for coin in 0..<30 {
            for minute in 0..<90 {
                var candle = JSONWriter()
                let close = Int128(minute == 89 ? 100 + coin : 100)
                CacheFixture.candle("coin-\(coin)", minute: now - 100 + Int64(minute), revision: 0, close: close)
                    .write(to: &candle)
                try send(.aggregates1m, key: "coin-\(coin)", candle.text)
            }
        }
        try producer.flush(timeout: .seconds(20))
        let cacher = try RunningCacher(broker, redis)
        let expected = (0..<30).map { "coin-\($0)\n\($0)" }.joined(separator: "\n")
        func movers() throws -> String {
            let lines = try redis.cli("ZRANGE", "movers:usd:1h", "0", "-1", "WITHSCORES").split(separator: "\n")
            return lines.map { Double($0).map { String(Int($0.rounded())) } ?? String($0) }.joined(separator: "\n")
        }
        try await eventually("they are there") { try movers() == expected }
        try await eventually("it is ready") { isReady(cacher) }
        try redis.cli("FLUSHALL")
        try await eventually("they are there again") { try movers() == expected }
        try await eventually("it is ready again") { isReady(cacher) }
        try await cacher.finish()
    }

    @Test("A FLUSHALL between ticks that keep coming takes nothing away, and each is heard once")
    func flushedUnderTraffic() async throws {
        let (cacher, all) = try await settled()
        let messages = try RedisSubscriber(redis, pattern: "prices:*")
        for second in Int64(20)..<60 {
            if second == 30 { try redis.cli("FLUSHALL") }
            try send("coin-\(second % 4)", at: second)
            try producer.flush(timeout: .seconds(20))
            usleep(50_000)
        }
        try await eventually("all is there again") {
            let now = try contents()
            return now.count == all.count
                && all.allSatisfy { key, value in
                    now[key] == value || (0..<4).contains { key == "price:coin-\($0):usd" }
                }
        }
        try await eventually("the newest ticks are there") {
            try (56..<60).allSatisfy { try redis.cli("HGET", "price:coin-\($0 % 4):usd", "price") == "\($0)" }
        }
        try redis.cli("PUBLISH", "prices:end", "end")
        var prices: [String: [Int]] = [:]
        while let message = try messages.next(), message.channel != "prices:end" {
            let tick = try PriceTick(json: Array(message.text.utf8).span)
            prices[message.channel, default: []].append(Int(tick.price.units / Price.unitsPerOne))
        }
        for (channel, heard) in prices { #expect(heard == Array(Set(heard)).sorted(), "\(channel)") }
        #expect(prices.values.flatMap { $0 }.allSatisfy { $0 >= 20 }, "nothing of before is heard")
        try await cacher.finish()
    }

    @Test("What was in hand when Redis went away is not heard before what it lost is there again")
    func inHand() async throws {
        let proxy = try LoopbackProxy(to: redis.port)
        let (cacher, _) = try await settled(["REDIS_URL": "redis://127.0.0.1:\(proxy.port)"])
        let messages = try RedisSubscriber(redis, pattern: "*")
        proxy.cut()
        // Older than what was published of the coin, and newer than anything an empty Redis knows.
        try send("coin-1", at: 9)
        try send("coin-2", at: 12)
        try producer.flush(timeout: .seconds(20))
        try await eventually("the batch waits") { cacher.metric("tickline_cacher_redis_failures_total") > 0 }
        try redis.cli("FLUSHALL")
        proxy.mend()
        try await eventually("the newer tick is there") {
            try redis.cli("HGET", "price:coin-2:usd", "price") == "12" && isReady(cacher)
        }
        try await eventually("what was lost is there") { try redis.cli("HGET", "price:coin-1:usd", "price") == "11" }
        #expect(try heard(messages).map(\.channel) == ["prices:coin-2:usd"])
        try await cacher.finish()
    }

    @Test("A Redis without persistence that is killed and started again is filled again")
    func killed() async throws {
        let (cacher, all) = try await settled()
        redis.stop()
        try redis.start()
        #expect(try contents().isEmpty)
        let messages = try RedisSubscriber(redis, pattern: "*")
        try await eventually("all is there again") { try contents() == all }
        try await eventually("it is ready again") { isReady(cacher) }
        #expect(try heard(messages).isEmpty)
        try await cacher.finish()
    }

    @Test("An older snapshot is brought up to date, from its own position on")
    func olderSnapshot() async throws {
        let (cacher, _) = try await settled()
        try redis.cli("SAVE")
        let old = try redis.snapshot()
        for coin in 0..<40 { try send("coin-\(coin)", at: 20) }
        try sendAll(40..<50)
        try await eventually("more is written") {
            try redis.cli("ZCARD", "alerts") == "50" && redis.cli("HGET", "price:coin-39:usd", "price") == "20"
                && redis.cli("ZCARD", "candles:coin-49:usd:1m") == "5" && cacher.lag == 0
        }
        let all = try contents()
        let read = cacher.metric(#"tickline_cacher_records_total{kind="price"}"#)
        redis.stop()
        try redis.restore(old)
        try redis.start()
        #expect(try contents() != all)
        let messages = try RedisSubscriber(redis, pattern: "*")
        try await eventually("all is there again") { try contents() == all }
        try await eventually("it is ready again") { isReady(cacher) }
        #expect(try heard(messages).isEmpty)
        #expect(cacher.metric(#"tickline_cacher_records_total{kind="price"}"#) - read <= 60, "only what is missing")
        try await cacher.finish()
    }

    @Test("A Cacher that starts finds that Redis has lost data, although the group has read all")
    func foundAtStart() async throws {
        let (first, all) = try await settled()
        try await first.finish()
        try redis.cli("FLUSHALL")
        let messages = try RedisSubscriber(redis, pattern: "*")
        let second = try RunningCacher(broker, redis)
        try await eventually("all is there again") { try contents() == all }
        try await eventually("it is ready") { isReady(second) }
        #expect(second.metric("tickline_cacher_refills_total") == 12)
        #expect(try heard(messages).isEmpty)
        try await second.finish()

        // Once more, with everything in its place: nothing is read.
        let third = try RunningCacher(broker, redis)
        try await eventually("it is ready") { isReady(third) }
        try await third.finish()
        #expect(third.metric(#"tickline_cacher_records_total{kind="price"}"#) == 0)
        #expect(third.metric("tickline_cacher_refills_total") == 0)
    }

    @Test("One position that is gone brings its own partition back, and a key that is gone comes with its next update")
    func oneKey() async throws {
        let (cacher, all) = try await settled()
        try redis.cli("DEL", "price:coin-7:usd")
        try send("coin-7", at: 12)
        try producer.flush(timeout: .seconds(20))
        try await eventually("it came with its update") { try redis.cli("HGET", "price:coin-7:usd", "price") == "12" }
        try redis.cli("EVAL", "return redis.call('DEL', unpack(redis.call('KEYS', 'price:*')))", "0")
        try redis.cli("DEL", "position:prices.raw:0", "position:prices.raw:1", "position:prices.raw:2")
        try await eventually("all is there again") { try contents().count == all.count }
        #expect(cacher.metric("tickline_cacher_refills_total") == 3)
        #expect(cacher.metric(#"tickline_cacher_records_total{kind="candle"}"#) == 200, "candles were not read again")
        try await cacher.finish()
    }

    @Test("A record that can't be used is no second dead letter when it is read again")
    func deadLetterOnce() async throws {
        try send(.raw, key: "broken", "{")
        let (cacher, all) = try await settled()
        #expect(cacher.metric("tickline_cacher_dead_letters_total") == 1)
        try redis.cli("FLUSHALL")
        try await eventually("all is there again") { try contents() == all }
        try await cacher.finish()
        #expect(cacher.metric("tickline_cacher_dead_letters_total") == 1)
        #expect(try broker.records(of: broker.name(Topic.deadLetter.rawValue)).count == 1)
    }

    @Test(
        "A key of another type in our way costs what belongs there, and no more",
        arguments: [
            "price:coin-1:usd", "candle:coin-1:usd:1m", "candles:coin-1:usd:1m", "coins:usd", "alerts", "freshness",
            "position:prices.raw:1",
        ]
    )
    func inTheWay(key: String) async throws {
        let type = key.hasPrefix("position") ? "LPUSH" : "SET"
        try redis.cli(type, key, "mine")
        try sendAll()
        let cacher = try RunningCacher(broker, redis)
        try await eventually("all the rest is written") {
            let keys = try Set(contents().keys)
            return keys.filter { $0.hasPrefix("price:") }.count == 40
                && keys.filter { $0.hasPrefix("candle:") }.count == 40
                && keys.filter { $0.hasPrefix("candles:") }.count == 40 && keys.contains("coins:usd")
                && keys.contains("alerts")
        }
        try await eventually("nothing lags") { cacher.lag == 0 }
        try await eventually("it is counted") { cacher.metric("tickline_cacher_keys_in_the_way_total") > 0 }
        try await eventually("it is ready") { isReady(cacher) }
        #expect(try redis.cli("TYPE", key) == (type == "SET" ? "string" : "list"), "it is left alone")
        // Out of the way, the next value is written there.
        try redis.cli("DEL", key)
        try send("coin-1", at: 12)
        var candle = JSONWriter()
        CacheFixture.candle("coin-1", minute: 9, revision: 0, close: 9).write(to: &candle)
        try send(.aggregates1m, key: "coin-1", candle.text)
        try send(.alerts, key: "coin-1", CacheFixture.json(CacheFixture.alert("coin-1", seconds: 9)))
        try producer.flush(timeout: .seconds(20))
        try await eventually("it is there") { try redis.cli("EXISTS", key) == "1" }
        #expect(cacher.end == nil)
        try await cacher.finish()
    }

    @Test(
        "A Redis that can't write for a while is waited for, says why, and misses nothing",
        arguments: Refusal.allCases
    )
    func refuses(refusal: Refusal) async throws {
        let server = try RedisServer(arguments: ["--dbfilename", "folder"])
        try send("coin-1", at: 1)
        try producer.flush(timeout: .seconds(20))
        let cacher = try RunningCacher(broker, server)
        func price() throws -> String { try server.cli("HGET", "price:coin-1:usd", "price") }
        try await eventually("the first tick is written") { try price() == "1" }
        try await eventually("it is ready") { isReady(cacher) }
        try refusal.begin(server)
        try send("coin-1", at: 2)
        try producer.flush(timeout: .seconds(20))
        try await eventually("it is refused") { cacher.metric("tickline_cacher_redis_failures_total") > 1 }
        let state = cacher.readiness.conditions.first { $0.name == "redis" }?.state
        guard case .failing(let reason)? = state else {
            Issue.record("it says that it is ready")
            return
        }
        #expect(reason.contains(refusal.word), "\(reason)")
        #expect(cacher.end == nil)
        try refusal.end(server)
        try await eventually("the second tick is written") { try price() == "2" }
        try await eventually("it is ready again") { isReady(cacher) }
        #expect(cacher.metric("tickline_cacher_refills_total") == 0, "nothing was lost")
        try await cacher.finish()
    }

    /// What keeps a Redis from writing.
    enum Refusal: String, CaseIterable, Sendable {
        case readOnly, full, persistence, replicas, password, hung, rights

        /// What the reason names.
        var word: String {
            switch self {
            case .readOnly: "READONLY"
            case .full: "OOM"
            case .persistence: "MISCONF"
            case .replicas: "NOREPLICAS"
            case .password: "NOAUTH"
            case .hung: "no answer in time"
            case .rights: "lacks"
            }
        }

        func begin(_ server: RedisServer) throws {
            switch self {
            case .readOnly: try server.cli("REPLICAOF", "127.0.0.1", "1")
            case .full: try server.cli("CONFIG", "SET", "maxmemory", "1")
            case .persistence:
                try server.cli("CONFIG", "SET", "save", "3600 1")
                // A snapshot can't take its place.
                try server.makeFolder("folder")
                try server.cli("BGSAVE")
                usleep(500_000)
            case .replicas: try server.cli("CONFIG", "SET", "min-replicas-to-write", "1")
            case .password:
                try server.cli("CONFIG", "SET", "requirepass", "secret")
                try server.cli("-a", "secret", "CLIENT", "KILL", "TYPE", "normal")
            case .hung: server.freeze()
            case .rights: try server.cli("ACL", "SETUSER", "default", "-hset")
            }
        }

        func end(_ server: RedisServer) throws {
            switch self {
            case .readOnly: try server.cli("REPLICAOF", "NO", "ONE")
            case .full: try server.cli("CONFIG", "SET", "maxmemory", "0")
            case .persistence: try server.cli("CONFIG", "SET", "stop-writes-on-bgsave-error", "no")
            case .replicas: try server.cli("CONFIG", "SET", "min-replicas-to-write", "0")
            case .password: try server.cli("-a", "secret", "CONFIG", "SET", "requirepass", "")
            case .hung: server.thaw()
            case .rights: try server.cli("ACL", "SETUSER", "default", "+hset")
            }
        }
    }
}
