import Foundation
import Shared
import TestSupport
import Testing

@testable import Cacher

/// The hash `freshness` as the whole service writes it.
@Suite("The Cacher's freshness", .ownThread)
struct FreshnessPipelineTests {
    private let broker: TestBroker
    private let redis: RedisServer
    private let producer: KafkaProducer

    init() throws {
        broker = try TestBroker()
        redis = try RedisServer()
        producer = try KafkaProducer(settings: broker.settings, mode: .idempotent)
    }

    private func send(_ topic: Topic, key: String, _ value: [UInt8]?) throws {
        try producer.send(to: try producer.topic(broker.name(topic.rawValue)), key: key, value: value)
    }

    private func send(ticks: ClosedRange<Int64>) throws {
        for second in ticks {
            let tick = CacheFixture.tick("coin-\(second % 7)", seconds: second, price: 1)
            try send(.raw, key: tick.coinID, Array(CacheFixture.json(tick).utf8))
        }
        try producer.flush(timeout: .seconds(20))
    }

    private func entries(_ topic: Topic, key: String = "freshness") throws -> [FreshnessEntry] {
        try redis.hash(key).filter { $0.key.hasPrefix("\(topic.rawValue):") }.map {
            try FreshnessEntry(json: Array($0.value.utf8).span)
        }
    }

    private func records(_ topic: Topic) throws -> Int64 {
        try entries(topic).reduce(0) { $0 + $1.records }
    }

    private func metric(_ cacher: RunningCacher, _ kind: String) -> Int {
        cacher.metric(#"tickline_cacher_records_total{kind="\#(kind)"}"#)
    }

    @Test("All six topics are counted, with offset, lag, newest event time and the time of writing")
    func counts() async throws {
        let began = EventTime.now()
        try send(ticks: 1...30)
        var candle = JSONWriter()
        CacheFixture.candle("bitcoin", minute: 4, revision: 0, close: 7).write(to: &candle)
        try send(.aggregates1m, key: "bitcoin", Array(candle.text.utf8))
        try send(.alerts, key: "bitcoin", Array(CacheFixture.json(CacheFixture.alert("bitcoin", seconds: 5)).utf8))
        // A dead letter, as the Cacher sees it first; others of any kind are there already, one without a value.
        try send(.raw, key: "broken", Array(#"{"coin_id":"#.utf8))
        try send(.deadLetter, key: "x", Array("not even JSON".utf8))
        try send(.deadLetter, key: "x", nil)
        // That dead letters were put back is no other one; and what was put back for others, and can't be used, is none.
        let mark = RequeueMark(source: TopicPartition(topic: "t", partition: 0), offset: 7, services: ["persister"])
        try producer.send(
            to: producer.topic(broker.name(Topic.deadLetter.rawValue)),
            partition: 0,
            key: nil as UnsafeBufferPointer<UInt8>?,
            value: nil,
            headers: mark.headers
        )
        try producer.send(
            to: producer.topic(broker.name(Topic.raw.rawValue)),
            key: "broken",
            value: Array(#"{"coin_id":"#.utf8),
            headers: Requeued(from: "d[0]@1", services: ["persister"], count: 1).headers(before: [])
        )
        for number in 0..<4 { try send(.late, key: "coin-\(number)", Array("anything".utf8)) }
        try producer.flush(timeout: .seconds(20))

        let cacher = try RunningCacher(broker, redis, environment: ["CACHER_KEY_PREFIX": "s1:", "CACHER_TTL": "1h"])
        func records(_ topic: Topic) throws -> Int64 {
            try entries(topic, key: "s1:freshness").reduce(0) { $0 + $1.records }
        }
        try await eventually("all is counted") {
            try records(.raw) == 32 && records(.aggregates1m) == 1 && records(.alerts) == 1 && records(.late) == 4
                && records(.deadLetter) == 3
        }
        try await eventually("nothing lags") {
            try redis.hash("s1:freshness").values.allSatisfy { $0.contains(#""lag":0,"#) }
        }
        #expect(try redis.hash("s1:freshness").keys.sorted().count == 18, "6 topics with 3 partitions")
        #expect(try redis.cli("KEYS", "freshness").isEmpty)
        let raw = try entries(.raw, key: "s1:freshness")
        #expect(raw.reduce(0) { $0 + $1.offset } == 32, "no transaction has left a marker")
        #expect(raw.compactMap(\.eventTime).max() == EventTime(milliseconds: 30_000))
        let candles = try entries(.aggregates1m, key: "s1:freshness")
        #expect(candles.compactMap(\.eventTime) == [EventTime(milliseconds: 300_000)], "the end of the window")
        #expect(try entries(.alerts, key: "s1:freshness").compactMap(\.eventTime) == [EventTime(milliseconds: 5_000)])
        for topic in [Topic.late, .deadLetter] {
            #expect(try entries(topic, key: "s1:freshness").allSatisfy { $0.eventTime == nil })
        }
        #expect(try entries(.late, key: "s1:freshness").allSatisfy { began <= $0.writtenAt && $0.writtenAt <= .now() })
        #expect((1...3_600_000).contains(try #require(Int(try redis.cli("PTTL", "s1:freshness")))))
        #expect(metric(cacher, "late") == 4 && metric(cacher, "dead_letter") == 3)
        try await cacher.finish()
        let letters = try broker.records(of: broker.name(Topic.deadLetter.rawValue))
        #expect(letters.count == 4, "dead letters become no dead letters: with the mark")
    }

    @Test("A restart goes on counting, and nothing counts twice: not what a new group reads again either")
    func restarts() async throws {
        try send(ticks: 1...20)
        let first = try RunningCacher(broker, redis)
        try await eventually("the first are counted") { try records(.raw) == 20 }
        try send(ticks: 21...25)
        try await eventually("more are read") { metric(first, "price") == 25 }
        // The stop stores what the last second brought.
        try await first.finish()
        #expect(try records(.raw) == 25)

        try send(ticks: 26...40)
        let second = try RunningCacher(broker, redis)
        try await eventually("the rest is counted") { try records(.raw) == 40 }
        #expect(metric(second, "price") == 15)
        try await second.finish()

        let third = try RunningCacher(broker, redis, environment: ["CACHER_GROUP": "again"])
        try await eventually("all are read again") { metric(third, "price") == 40 }
        try send(ticks: 41...45)
        try await eventually("what is new is counted") { try records(.raw) == 45 }
        #expect(try entries(.raw).compactMap(\.eventTime).max() == EventTime(milliseconds: 45_000))
        try await third.finish()
        #expect(try records(.raw) == 45)
    }

    @Test("A topic that was made anew is counted on from the stored count")
    func anew() async throws {
        let written = #""records":1000,"written_at":"2026-11-29T12:00:00Z"}"#
        for partition in 0..<3 {
            try redis.cli("HSET", "freshness", "prices.raw:\(partition)", #"{"offset":5000,\#(written)"#)
        }
        try send(ticks: 1...10)
        let cacher = try RunningCacher(broker, redis)
        try await eventually("what is there counts") { try records(.raw) == 3_010 }
        try send(ticks: 11...15)
        try await eventually("what comes counts") { try records(.raw) == 3_015 }
        #expect(try entries(.raw).reduce(0) { $0 + $1.offset } == 15)
        try await cacher.finish()
        #expect(try records(.raw) == 3_015)
    }

    @Test("While Redis is away nothing is written; what was counted is there when it is back without its data")
    func outage() async throws {
        try send(ticks: 1...10)
        let cacher = try RunningCacher(broker, redis)
        try await eventually("the first are counted") { try records(.raw) == 10 }
        redis.stop()
        try send(ticks: 11...12)
        try await eventually("the outage is noticed") { cacher.metric("tickline_cacher_redis_failures_total") > 1 }
        try redis.start()
        try await eventually("all are counted") { try records(.raw) == 12 }
        // Those that didn't change come within seconds.
        try await eventually("every partition is there") { try redis.hash("freshness").count == 18 }
        #expect(cacher.end == nil)
        try await cacher.finish()
    }

    @Test("An idle Cacher says every few seconds that it lives")
    func lives() async throws {
        let cacher = try RunningCacher(broker, redis)
        try await eventually("every partition is there") { try redis.hash("freshness").count == 18 }
        let first = try entries(.raw).map(\.writtenAt).max() ?? .latest
        try await eventually("they are written again") {
            try entries(.raw).allSatisfy { $0.writtenAt > first && $0.records == 0 }
        }
        try await cacher.finish()
    }
}
