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
        let messages = try RedisSubscriber(redis, pattern: "alerts:*")
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
        #expect(try messages.next()?.channel == "alerts:bitcoin:usd")
        #expect(try price("ethereum") == "", "a tick from the future isn't cached")
        try await eventually("it is ready") { cacher.readiness.conditions.dropFirst().allSatisfy { $0.state == .ok } }
        try await eventually("the broken record is counted") {
            cacher.metric("tickline_cacher_dead_letters_total") == 1
        }
        try await cacher.finish()

        let dead = try broker.records(of: broker.name(Topic.deadLetter.rawValue))
        #expect(dead.map(\.value) == [#"{"coin_id":"broken","price":"#])
        #expect(dead.map(\.key) == ["broken"])
        let headers = Dictionary(
            (dead.first?.headers ?? []).map { ($0.name, $0.text) },
            uniquingKeysWith: { $1 }
        )
        #expect(headers["service"] == "cacher")
        #expect(headers["source_topic"] == broker.name(Topic.raw.rawValue))
        #expect(headers["source_partition"] != nil && headers["source_offset"] != nil)
        #expect(headers["error"]?.isEmpty == false)
        #expect(cacher.metric(#"tickline_cacher_records_total{kind="price"}"#) == 4)
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
        // Its data is gone as well: what comes afterwards must be there all the same.
        try redis.start()
        try await eventually("both ticks are written") { try price("bitcoin") == "2" && price("ethereum") == "3" }
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
        try await eventually("the first tick is written") { try price("bitcoin") == "1" }
        redis.stop()
        try send(CacheFixture.tick("bitcoin", seconds: 2, price: 2))
        try await eventually("the second tick is in hand") {
            first.metric(#"tickline_cacher_records_total{kind="price"}"#) == 2
                && first.metric("tickline_cacher_redis_failures_total") > 0
        }
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
        try await eventually("the lag is measured") {
            cacher.registry.render().contains("tickline_cacher_lag_records{")
        }
        try await cacher.finish()
        let text = cacher.registry.render()
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
