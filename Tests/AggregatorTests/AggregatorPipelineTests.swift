import Shared
import TestSupport
import Testing

@testable import Aggregator

/// The whole service but for its shell, from a broker's topic to a broker's topics.
///
/// On librdkafka's mock this shows the wiring only: isolation is not shown there. On a real broker
/// (`KAFKA_BOOTSTRAP_SERVERS`) the same tests show it.
@Suite("AggregatorPipeline", .ownThread)
struct AggregatorPipelineTests {
    private let broker: TestBroker

    init() throws {
        broker = try TestBroker()
    }

    @Test("what lies in the topics is, record for record, what the reference model says, also across a restart")
    func agreesWithTheModel() async throws {
        var feed = try TickFeed(broker, seed: 1)
        let settings = try RunningAggregator.settings(broker)
        try feed.send(3_000)
        let first = try RunningAggregator(broker)
        var expected = try feed.expected(settings.plan)
        let gauges = ["lag_records", "watermark_delay_seconds", "coin_bytes"].map { "tickline_aggregator_\($0){" }
        try await eventually("the first half is done, and the gauges say so") {
            first.ticks == expected.records && gauges.allSatisfy(first.registry.render().contains)
        }
        try await first.finish()
        // A partition that was given back is the next owner's to tell of.
        #expect(!gauges.contains(where: first.registry.render().contains))
        #expect(try broker.aggregateLines() == expected.lines)

        try feed.send(3_000)
        let second = try RunningAggregator(broker)
        let before = expected.records
        expected = try feed.expected(settings.plan)
        try await eventually("the second half is done") { second.ticks == expected.records - before }
        try await second.finish()
        #expect(try broker.aggregateLines() == expected.lines)
        #expect(try broker.records(of: broker.name(Topic.late.rawValue)).count == expected.late)
        #expect(try broker.records(of: broker.name(Topic.deadLetter.rawValue)).count == expected.deadLetters)
        #expect(expected.late > 20 && expected.deadLetters > 10, "the feed has something of everything")
        #expect(expected.aggregates.contains { $0.revision > 0 } && expected.aggregates.contains { $0.synthetic })
    }

    @Test("late, future and unreadable records keep their bytes and say why they are where they are")
    func headers() async throws {
        let feed = try TickFeed(broker, seed: 2)
        let now = EventTime.now().microseconds
        let minute: Int64 = 60_000_000
        func tick(_ time: Int64) -> PriceTick {
            PriceTick(
                coinID: "bitcoin",
                symbol: "btc",
                name: "Bitcoin",
                vsCurrency: "usd",
                price: Price(5),
                timestamp: EventTime(microseconds: time),
                ingestedAt: EventTime(microseconds: time),
                source: "simulator"
            )
        }
        let base = now / minute * minute - 60 * minute
        try feed.send(tick(base + 10_000_000))
        try feed.send(tick(base - 20 * minute))
        try feed.send(tick(now + 10 * minute))
        try feed.flush()
        let producer = try KafkaProducer(settings: broker.settings, mode: .idempotent)
        let raw = try producer.topic(broker.name(Topic.raw.rawValue))
        try producer.send(to: raw, key: "bitcoin", value: Array("no JSON".utf8), headers: [KafkaHeader("own", "1")])
        try producer.send(to: raw, key: "bitcoin", value: nil)
        try producer.flush(timeout: .seconds(20))

        let aggregator = try RunningAggregator(broker)
        try await eventually("all is read") { aggregator.ticks == 5 }
        try await aggregator.finish()

        let late = try broker.records(of: broker.name(Topic.late.rawValue))
        #expect(late.count == 2)
        #expect(late.first?.key == "bitcoin")
        let header = { (record: TestRecord?, name: String) in record?.headers.first { $0.name == name }?.text }
        #expect(header(late.first, "reason") == "late")
        #expect(header(late.first, "watermark") == EventTime(microseconds: base).description)
        #expect(header(late.first, "window_start") == EventTime(microseconds: base - 20 * minute).description)
        // The allowed lateness of [base - 20 min, base - 19 min) ended 14 minutes before the watermark.
        #expect(header(late.first, "late_by_ms") == "840000")
        #expect(header(late.first, "source_offset") == "1")
        #expect(header(late.first, "schema") == "price-tick/1")
        #expect(try late.first?.value.map { try PriceTick(json: Array($0.utf8).span) } == tick(base - 20 * minute))
        #expect(header(late.last, "reason") == "future")

        let dead = try broker.records(of: broker.name(Topic.deadLetter.rawValue))
        #expect(dead.map(\.value) == ["no JSON", nil])
        #expect(header(dead.first, "service") == "aggregator")
        #expect(header(dead.first, "own") == "1")
        #expect(header(dead.first, "source_topic") == broker.name(Topic.raw.rawValue))
        #expect(header(dead.first, "error")?.isEmpty == false)
        #expect(header(dead.last, "error") == "the record has no value")
    }

    @Test("A tick whose key isn't its coin, or whose partition isn't its key's, is a dead letter and touches no window")
    func misplaced() async throws {
        let feed = try TickFeed(broker, seed: 8)
        let time = EventTime.now().microseconds / 60_000_000 * 60_000_000 - 3_600_000_000
        func tick(_ price: Int, _ second: Int64) -> PriceTick {
            .bitcoin(price, at: time + second * 1_000_000)
        }
        try feed.send(tick(100, 1))
        try feed.flush()
        let raw = broker.name(Topic.raw.rawValue)
        let home = try #require(broker.records(of: raw).first).partition
        let producer = try KafkaProducer(settings: broker.settings, mode: .idempotent)
        let topic = try producer.topic(raw)
        var json = JSONWriter()
        tick(1, 2).write(to: &json)
        let stray = Array(json.text.utf8)
        try producer.send(to: topic, partition: (home + 1) % 3, key: "bitcoin", value: stray)
        try producer.send(to: topic, partition: home, key: "ethereum", value: stray)
        try producer.flush(timeout: .seconds(20))
        try feed.send(tick(101, 3))
        try feed.send(tick(102, 70))
        try feed.send(tick(103, 90))
        try feed.flush()

        let aggregator = try RunningAggregator(broker)
        try await eventually("all is read") { aggregator.ticks == 6 }
        try await aggregator.finish()
        let aggregates = try broker.aggregateLines().map { try PriceAggregate(json: Array($0.utf8).span) }
        #expect(!aggregates.isEmpty && aggregates.allSatisfy { $0.low >= Price(100) })
        let errors = try broker.records(of: broker.name(Topic.deadLetter.rawValue)).map { record in
            record.headers.first { $0.name == "error" }?.text ?? ""
        }
        #expect(errors.count == 2)
        #expect(errors.contains { $0.contains("belongs in partition \(home)") })
        #expect(errors.contains { $0.contains("is not its coin_id") })
    }

    @Test("Garbage in the changelog doesn't keep the service from starting")
    func garbageInTheState() async throws {
        var feed = try TickFeed(broker, seed: 9)
        try feed.send(300)
        let settings = try RunningAggregator.settings(broker)
        var expected = try feed.expected(settings.plan)
        let first = try RunningAggregator(broker)
        try await eventually("the first half is done") { first.ticks == expected.records }
        try await first.finish()
        let producer = try KafkaProducer(settings: broker.settings, mode: .idempotent)
        let state = try producer.topic(broker.name(Topic.aggregatorState.rawValue))
        let huge = #"{"count":2,"sum":170141183460469231731,"open":1,"high":1,"low":1,"close":1}"#
        for partition in 0..<Int32(3) {
            try producer.send(to: state, partition: partition, key: "garbage", value: Array("garbage".utf8))
            let key = StateKey.pane(CoinKey(coinID: "coin-1", vsCurrency: "usd"), start: EventTime(microseconds: 0))
            try producer.send(to: state, partition: partition, key: key.description, value: Array(huge.utf8))
            let accent = StateKey.coin(CoinKey(coinID: "x", vsCurrency: "/\u{301}"))
            try producer.send(to: state, partition: partition, key: accent.description, value: Array("{}".utf8))
        }
        try producer.flush(timeout: .seconds(20))
        try feed.send(300)
        let before = expected.records
        expected = try feed.expected(settings.plan)
        let second = try RunningAggregator(broker)
        try await eventually("the second half is done") { second.ticks == expected.records - before }
        try await second.finish()
        #expect(try broker.aggregateLines() == expected.lines)
        #expect(second.metric("bad_state_records_total") == 3)
    }

    @Test("the last window of a feed that stopped closes, because the watermark follows the clock")
    func quietPartition() async throws {
        let feed = try TickFeed(broker, seed: 3)
        let time = EventTime(microseconds: EventTime.now().microseconds - 60_000_000)
        let tick = PriceTick(
            coinID: "bitcoin",
            symbol: "btc",
            name: "Bitcoin",
            vsCurrency: "usd",
            price: Price(5),
            timestamp: time,
            ingestedAt: time,
            source: "simulator"
        )
        try feed.send(tick)
        try feed.flush()
        let environment = [
            "AGGREGATOR_FOLLOW_CLOCK": "true", "AGGREGATOR_WINDOWS": "tumbling:1s", "AGGREGATOR_OUT_OF_ORDERNESS": "1s",
            "AGGREGATOR_SYNTHETIC_FOR": "0s",
        ]
        let aggregator = try RunningAggregator(broker, environment)
        try await eventually("the window is there") { try broker.aggregateLines().count == 1 }
        try await aggregator.finish()
        let line = try #require(broker.aggregateLines().first)
        let aggregate = try PriceAggregate(json: Array(line.utf8).span)
        #expect(aggregate.close == Price(5))
        #expect(aggregate.firstTickAt == time)
    }
}
