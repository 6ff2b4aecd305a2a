import Foundation
import Shared
import TestSupport
import Testing

@testable import Cacher

/// The whole service but for its shell: from a broker's topics to a real redis-server.
@Suite("CacherPipeline", .ownThread)
struct CacherPipelineTests {
    private let broker: TestBroker
    private let redis: RedisServer
    private let producer: KafkaProducer

    init() throws {
        broker = try TestBroker()
        redis = try RedisServer()
        producer = try KafkaProducer(settings: broker.settings, mode: .idempotent)
    }

    private func send(_ topic: Topic, key: String, _ value: String) throws {
        let destination = try producer.topic(broker.name(topic.rawValue))
        try producer.send(to: destination, key: key, value: Array(value.utf8))
        try producer.flush(timeout: .seconds(20))
    }

    private func send(_ tick: PriceTick) throws {
        try send(.raw, key: tick.coinID, CacheFixture.json(tick))
    }

    private func price(_ coin: String) throws -> String {
        try redis.cli("HGET", "price:\(coin):usd", "price")
    }

    @Test("ticks, candles and alerts arrive in Redis, and a record nobody can read becomes a dead letter")
    func carriesAll() async throws {
        try send(CacheFixture.tick("bitcoin", seconds: 10, price: 1))
        try send(CacheFixture.tick("bitcoin", seconds: 12, price: 2))
        try send(CacheFixture.tick("bitcoin", seconds: 11, price: 3))
        var candle = JSONWriter()
        CacheFixture.candle("bitcoin", minute: 4, revision: 1, close: 7).write(to: &candle)
        try send(.aggregates1m, key: "bitcoin", candle.text)
        try send(.alerts, key: "bitcoin", CacheFixture.json(CacheFixture.alert("bitcoin", seconds: 5)))
        try send(.raw, key: "broken", #"{"coin_id":"broken","price":"#)
        let future = EventTime(microseconds: EventTime.now().microseconds + 3_600_000_000)
        var early = CacheFixture.tick("ethereum", seconds: 1, price: 1)
        early.timestamp = future
        try send(early)

        let cacher = try RunningCacher(broker, redis)
        try await eventually("all is in Redis") {
            try price("bitcoin") == "2" && redis.cli("HGET", "candle:bitcoin:usd:1m", "close") == "7"
                && redis.cli("ZCARD", "alerts") == "1" && cacher.metric("tickline_cacher_too_early_total") == 1
        }
        #expect(try price("ethereum") == "", "a tick from the future isn't cached")
        try await eventually("it is ready") { cacher.readiness.conditions.dropFirst().allSatisfy { $0.state == .ok } }
        try await eventually("the broken record is counted") {
            cacher.metric("tickline_cacher_dead_letters_total") == 2
        }
        // What lay in the topics before the first start is no news; what comes is.
        let messages = try RedisSubscriber(redis, pattern: "alerts:*")
        try send(.alerts, key: "bitcoin", CacheFixture.json(CacheFixture.alert("bitcoin", seconds: 6)))
        #expect(try messages.next()?.text.contains("rule:bitcoin:usd:6") == true)
        try await cacher.finish()

        let dead = try broker.records(of: broker.name(Topic.deadLetter.rawValue))
        #expect(dead.count == 2)
        let broken = try #require(dead.first { $0.key == "broken" })
        #expect(broken.value == #"{"coin_id":"broken","price":"#)
        let headers = Dictionary(
            broken.headers.map { ($0.name, $0.text) },
            uniquingKeysWith: { $1 }
        )
        #expect(headers["service"] == "cacher")
        #expect(headers["source_topic"] == broker.name(Topic.raw.rawValue))
        #expect(headers["source_partition"] != nil && headers["source_offset"] != nil)
        #expect(headers["error"]?.isEmpty == false)
        #expect(cacher.metric(#"tickline_cacher_records_total{kind="price"}"#) == 5)
    }

    @Test("whatever can't be used is a dead letter with its reason, and what comes after it arrives")
    func refuses() async throws {
        let raw = try producer.topic(broker.name(Topic.raw.rawValue))
        func text(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
            var json = JSONWriter()
            write(&json)
            return json.withUnsafeBytes { Array($0) }
        }
        let far = EventTime(milliseconds: 4_070_908_800_000)
        var early = CacheFixture.tick("early", seconds: 1, price: 1)
        early.timestamp = far
        var negative = CacheFixture.tick("negative", seconds: 1, price: 1)
        negative.price = Price(-1)
        let long = CacheFixture.tick(String(repeating: "x", count: 4_000), seconds: 1, price: 1)
        let elsewhere = CacheFixture.tick("elsewhere", seconds: 1, price: 1)
        let home = Array("elsewhere".utf8).withUnsafeBufferPointer { Partitioner.partition(of: $0, among: 3) }
        try producer.send(to: raw, key: "early", value: text(early.write))
        try producer.send(to: raw, key: "negative", value: text(negative.write))
        try producer.send(to: raw, key: "long", value: text(long.write))
        try producer.send(to: raw, key: "other", value: text(CacheFixture.tick("keyed", seconds: 1, price: 1).write))
        try producer.send(to: raw, partition: (home + 1) % 3, key: "elsewhere", value: text(elsewhere.write))
        try producer.send(to: raw, key: "nothing", value: nil)
        try producer.send(to: raw, key: "huge", value: [UInt8](repeating: UInt8(ascii: " "), count: 900_000))

        let minutes = try producer.topic(broker.name(Topic.aggregates1m.rawValue))
        var future = CacheFixture.candle("future", minute: 1, revision: 0, close: 1)
        (future.windowStart, future.windowEnd) = (far, EventTime(microseconds: far.microseconds + 60_000_000))
        var sliding = CacheFixture.candle("sliding", minute: 1, revision: 0, close: 1)
        sliding.window = .sliding
        var impossible = CacheFixture.candle("impossible", minute: 1, revision: 0, close: 1)
        impossible.low = Price(7)
        for candle in [future, sliding, impossible] {
            try producer.send(to: minutes, key: candle.coinID, value: text(candle.write))
        }
        var alert = CacheFixture.alert("alerted", seconds: 1)
        alert.triggeredAt = far
        let alerts = try producer.topic(broker.name(Topic.alerts.rawValue))
        try producer.send(to: alerts, key: "alerted", value: text(alert.write))
        // Each in its partition behind the bad ones.
        for number in 0..<20 { try send(CacheFixture.tick("good-\(number)", seconds: 2, price: 2)) }

        let cacher = try RunningCacher(broker, redis)
        try await eventually("the good ones arrive") {
            try (0..<20).allSatisfy { try price("good-\($0)") == "2" }
        }
        try await eventually("the bad ones are counted") {
            cacher.metric("tickline_cacher_dead_letters_total") == 11
        }
        try await cacher.finish()
        let letters = try broker.records(of: broker.name(Topic.deadLetter.rawValue))
        let reasons = Dictionary(
            letters.map { letter in
                (letter.key ?? "", letter.headers.first { $0.name == "error" }?.text ?? "no reason")
            },
            uniquingKeysWith: { "\($0), \($1)" }
        )
        let expected = [
            "early": "timestamp is 2099-", "negative": "price must not be negative", "long": "coin_id has 4000 bytes",
            "other": "the record's key \"other\" is not its coin_id \"keyed\"",
            "elsewhere": "the record is in partition \((home + 1) % 3), its key belongs in partition \(home) of 3",
            "nothing": "the record has no value", "huge": "the value has more than 65536 bytes",
            "future": "window_start is 2099-", "sliding": "only tumbling windows of one whole minute",
            "impossible": "open must lie from low to high", "alerted": "triggered_at is 2099-",
        ]
        #expect(reasons.count == expected.count)
        for (key, start) in expected {
            #expect(reasons[key]?.hasPrefix(start) == true, "\(key): \(reasons[key] ?? "no dead letter")")
        }
        #expect(try redis.cli("KEYS", "candle:*").isEmpty && redis.cli("ZCARD", "alerts") == "0")
    }

    @Test("the open candle holds every tick of the minute, also those of which only the newest is written")
    func openCandle() async throws {
        // A minute that can't end meanwhile.
        let minute = OpenCandle.start(of: EventTime.now().microseconds + 20_000_000)
        for (offset, price) in [5, 9, 2, 7].enumerated() {
            var tick = CacheFixture.tick("bitcoin", seconds: 0, price: Int128(price))
            tick.timestamp = EventTime(microseconds: minute + Int64(offset))
            try send(tick)
        }
        let cacher = try RunningCacher(broker, redis)
        try await eventually("it is there") {
            try redis.cli("GET", "open:bitcoin:usd:1m").hasPrefix(
                #"{"t":\#(minute / 1_000),"o":"5","h":"9","l":"2","c":"7","n":4,"open":true,"#
            )
        }
        try await cacher.finish()
        let without = try RunningCacher(
            broker,
            redis,
            environment: ["CACHER_OPEN_CANDLES": "false", "CACHER_KEY_PREFIX": "other:", "CACHER_GROUP": "other"]
        )
        try await eventually("the price is there") {
            try !redis.cli("HGET", "other:price:bitcoin:usd", "price").isEmpty
        }
        #expect(try redis.cli("EXISTS", "other:open:bitcoin:usd:1m") == "0")
        try await without.finish()
    }

    @Test("two ids that look the same and differ in their bytes are two coins")
    func bytes() async throws {
        try send(CacheFixture.tick("caf\u{E9}", seconds: 1, price: 1))
        try send(CacheFixture.tick("cafe\u{301}", seconds: 1, price: 2))
        try send(CacheFixture.tick("a:b", seconds: 1, price: 3))
        let cacher = try RunningCacher(broker, redis)
        try await eventually("all are there") {
            try price("caf\u{E9}") == "1" && price("cafe\u{301}") == "2" && price("a%3Ab") == "3"
        }
        try await cacher.finish()
    }

    @Test("a Redis without room for one more client is waited for")
    func waitsForClients() async throws {
        let full = try RedisServer(arguments: ["--maxclients", "2"])
        var others = [try RedisSubscriber(full, pattern: "x"), try RedisSubscriber(full, pattern: "x")]
        try send(CacheFixture.tick("bitcoin", seconds: 1, price: 1))
        let cacher = try RunningCacher(broker, full)
        try await eventually("it has tried again") { cacher.metric("tickline_cacher_redis_failures_total") >= 2 }
        #expect(cacher.end == nil)
        #expect(cacher.readiness.conditions.contains { $0.name == "redis" && $0.state != .ok })
        #expect(others.count == 2, "they stay until here")
        others.removeAll()
        try await eventually("the tick is written") {
            try full.cli("HGET", "price:bitcoin:usd", "price") == "1"
        }
        try await cacher.finish()
    }

    @Test("a restart goes on behind what was committed, and what comes twice changes nothing")
    func goesOn() async throws {
        for second in 1...20 {
            try send(CacheFixture.tick("coin-\(second % 5)", seconds: Int64(second), price: Int128(second)))
        }
        let first = try RunningCacher(broker, redis)
        try await eventually("the first batch is written") { try price("coin-0") == "20" }
        try await eventually("all are read") { first.metric(#"tickline_cacher_records_total{kind="price"}"#) == 20 }
        try await first.finish()

        try send(CacheFixture.tick("coin-0", seconds: 21, price: 21))
        let second = try RunningCacher(broker, redis)
        try await eventually("the next tick is written") { try price("coin-0") == "21" }
        try await second.finish()
        #expect(second.metric(#"tickline_cacher_records_total{kind="price"}"#) == 1)

        // Another group reads everything once more: nothing in Redis may move.
        let third = try RunningCacher(broker, redis, environment: ["CACHER_GROUP": "again"])
        try await eventually("all are read again") {
            third.metric(#"tickline_cacher_records_total{kind="price"}"#) == 21
        }
        try await third.finish()
        #expect(third.metric(#"tickline_cacher_writes_total{kind="price"}"#) == 0)
        #expect(try price("coin-0") == "21")
    }

    @Test("while Redis is away nothing is lost and the place in the group is kept")
    func survivesRedisOutage() async throws {
        try send(CacheFixture.tick("bitcoin", seconds: 1, price: 1))
        let cacher = try RunningCacher(broker, redis)
        try await eventually("the first tick is written") { try price("bitcoin") == "1" }
        redis.stop()
        try send(CacheFixture.tick("bitcoin", seconds: 2, price: 2))
        try await eventually("the outage is noticed") { cacher.metric("tickline_cacher_redis_failures_total") > 1 }
        try send(CacheFixture.tick("ethereum", seconds: 3, price: 3))
        #expect(cacher.readiness.conditions.contains { $0.name == "redis" && $0.state != .ok })
        try await eventually("the lag counts what waits for Redis") { cacher.lag == 2 }
        // Its data is gone as well: what comes afterwards must be there all the same.
        try redis.start()
        try await eventually("both ticks are written") { try price("bitcoin") == "2" && price("ethereum") == "3" }
        try await eventually("nothing lags") { cacher.lag == 0 }
        try await eventually("Redis is ready again") {
            cacher.readiness.conditions.contains { $0.name == "redis" && $0.state == .ok }
        }
        #expect(cacher.end == nil)
        try await cacher.finish()
    }

    @Test("a stop while Redis is away commits nothing that Redis doesn't have")
    func stopsDuringOutage() async throws {
        try send(CacheFixture.tick("bitcoin", seconds: 1, price: 1))
        let first = try RunningCacher(broker, redis)
        // Afterwards Redis hears nothing for some seconds, so that it is the second tick that finds it away, and is in hand.
        // Should that take longer under load, the tick isn't even read: the same must come of it.
        try await eventually("the first tick is counted") {
            try redis.cli("HGETALL", "freshness").contains(#""records":1,"#)
        }
        redis.stop()
        try send(CacheFixture.tick("bitcoin", seconds: 2, price: 2))
        try await eventually("the outage is noticed") { first.metric("tickline_cacher_redis_failures_total") > 0 }
        try await first.finish()
        try redis.start()
        let second = try RunningCacher(broker, redis)
        try await eventually("the second tick is written by the next one") { try price("bitcoin") == "2" }
        try await second.finish()
    }

    @Test("a full Redis is waited for, and the batch arrives when there is room")
    func waitsForRoom() async throws {
        try redis.cli("CONFIG", "SET", "maxmemory", "1")
        try send(CacheFixture.tick("bitcoin", seconds: 1, price: 1))
        let cacher = try RunningCacher(broker, redis)
        try await eventually("it has tried again") { cacher.metric("tickline_cacher_redis_failures_total") >= 2 }
        #expect(try redis.cli("DBSIZE") == "0")
        try redis.cli("CONFIG", "SET", "maxmemory", "0")
        try await eventually("the tick is written") { try price("bitcoin") == "1" }
        try await cacher.finish()
    }

    @Test("a Redis that wants a password ends the service with one clear line")
    func refusesWithoutPassword() async throws {
        let locked = try RedisServer(password: "secret")
        let cacher = try RunningCacher(
            broker,
            locked,
            environment: ["REDIS_URL": "redis://127.0.0.1:\(locked.port)/0"]
        )
        try await eventually("the service ends") { cacher.end != nil }
        let error = #expect(throws: RedisError.self) { try cacher.end?.get() }
        #expect(error?.disposition == .fatal)
        #expect(error?.description.contains("\n") == false)
    }

    @Test("the metrics are as Prometheus wants them")
    func exposesMetrics() async throws {
        try send(CacheFixture.tick("bitcoin", seconds: 1, price: 1))
        let cacher = try RunningCacher(broker, redis)
        try await eventually("the tick is written") { try price("bitcoin") == "1" }
        // Of the first nobody wants to know how long it took: it was there before the start.
        try send(CacheFixture.tick("bitcoin", seconds: 2, price: 2))
        try await eventually("the next one is written") { try price("bitcoin") == "2" }
        try await eventually("the lag is measured") {
            cacher.registry.render().contains("tickline_cacher_lag_records{")
        }
        // Of a partition that was given back, the next owner tells.
        try await cacher.finish()
        let text = cacher.registry.render()
        #expect(!text.contains("tickline_cacher_lag_records{"))
        #expect(text.contains("tickline_cacher_tick_to_redis_seconds_count 1\n"))

        let promtool = Process()
        promtool.executableURL = URL(filePath: "/usr/bin/env")
        promtool.arguments = ["promtool", "check", "metrics"]
        let input = Pipe()
        let output = Pipe()
        promtool.standardInput = input
        promtool.standardOutput = output
        promtool.standardError = output
        try promtool.run()
        try input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
        try input.fileHandleForWriting.close()
        let words = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        promtool.waitUntilExit()
        #expect(promtool.terminationStatus == 0, "\(words)")
    }
}
