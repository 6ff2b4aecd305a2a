import Shared
import TestSupport
import Testing

@testable import Aggregator

/// Alert rules, gaps in the input, and replays, on a broker.
@Suite("AggregatorPipeline: rules, gaps, replays", .ownThread)
struct RulesAndReplayTests {
    private func rule(_ id: String, threshold: Int = 10) -> AlertRule {
        .bitcoin(id, above: threshold)
    }

    private func tick(_ price: Int, second: Int64) -> PriceTick {
        .bitcoin(price, at: 1_768_000_000_000_000 + second * 1_000_000)
    }

    @Test("A rule fires on the crossing; one that can't be used is a dead letter, once, and changes nothing")
    func rules() async throws {
        let broker = try TestBroker()
        try broker.send([rule("up")])
        let producer = try KafkaProducer(settings: broker.settings, mode: .idempotent)
        let topic = try producer.topic(broker.name(Topic.alertRules.rawValue))
        try producer.send(to: topic, key: "up", value: Array(#"{"rule_id":"up","kind":"sideways"}"#.utf8))
        try producer.flush(timeout: .seconds(20))
        let feed = try TickFeed(broker, seed: 1)
        for (second, price) in [5, 12, 13, 9, 11].enumerated() { try feed.send(tick(price, second: Int64(second))) }
        try feed.flush()

        let first = try RunningAggregator(broker)
        try await eventually("all is read") {
            first.ticks == 6 && first.metric("dead_letters_total") == 1 && first.metric("alerts_total") == 2
        }
        #expect(first.metric("rules") == 1)
        #expect(first.metric("refused_rules_total") == 1)
        try await first.finish()
        #expect(try broker.alertIDs().count == 2)
        let dead = try broker.records(of: broker.name(Topic.deadLetter.rawValue))
        #expect(dead.map(\.key) == ["up"])
        #expect(dead[0].headers.contains(KafkaHeader("source_topic", broker.name(Topic.alertRules.rawValue))))

        // The rule is deleted while the service is down; what it knew goes, and its fault isn't reported again.
        try producer.send(to: topic, key: "up", value: nil)
        try producer.flush(timeout: .seconds(20))
        for (second, price) in [5, 12].enumerated() { try feed.send(tick(price, second: 10 + Int64(second))) }
        try feed.flush()
        let second = try RunningAggregator(broker)
        try await eventually("the rest is read") { second.ticks == 2 }
        try await second.finish()
        #expect(try broker.alertIDs().count == 2)
        #expect(try broker.records(of: broker.name(Topic.deadLetter.rawValue)).count == 1)
        let states = try broker.records(of: broker.name(Topic.aggregatorState.rawValue)).filter {
            $0.key == "alert/up/usd/bitcoin"
        }
        #expect(states.last?.value == nil && states.count >= 2, "the state of a deleted rule ends with a tombstone")
    }

    @Test("A position that the broker doesn't have stops the service, or is gone past if the settings say so")
    func gap() async throws {
        let broker = try TestBroker()
        let feed = try TickFeed(broker, seed: 1)
        for second in 0..<5 { try feed.send(tick(7, second: Int64(second))) }
        try feed.flush()
        let raw = broker.name(Topic.raw.rawValue)
        let partition = try #require(broker.records(of: raw).first).partition
        let state = PositionState(nextOffset: 1_000, paneLength: 60_000_000, windows: [.tumbling(60_000_000)])
        var json = JSONWriter()
        StateValue.position(state).write(to: &json)
        let producer = try KafkaProducer(settings: broker.settings, mode: .idempotent)
        let topic = try producer.topic(broker.name(Topic.aggregatorState.rawValue))
        try producer.send(to: topic, partition: partition, key: "position", value: Array(json.text.utf8))
        try producer.flush(timeout: .seconds(20))

        let stopped = try RunningAggregator(broker)
        try await stopped.waitForEnd()
        #expect(throws: PositionGap.self) { try stopped.end?.get() }

        let going = try RunningAggregator(broker, ["AGGREGATOR_ON_GAP": "continue"])
        try await eventually("all is read") { going.ticks == 5 }
        try await going.finish()
    }

    @Test("A replay gives the model's windows, the open ones marked partial, and the same bytes each time")
    func replay() throws {
        var topics = Dictionary(uniqueKeysWithValues: Topic.allCases.map { ($0.rawValue, 3) })
        for prefix in ["one.", "two."] {
            for topic in ResultWriter.outputs { topics[prefix + topic.rawValue] = 3 }
        }
        let broker = try TestBroker(topics: topics)
        try broker.send([rule("up", threshold: 500)])
        var feed = try TickFeed(broker, seed: 4)
        try feed.send(2_000)
        let settings = try RunningAggregator.settings(broker)
        for prefix in ["one.", "two."] {
            let range = ReprocessingRange(
                from: .earliest,
                until: .latest,
                outputPrefix: broker.settings.topicPrefix + prefix
            )
            let metrics = AggregatorMetrics(plan: settings.plan, registry: PrometheusRegistry())
            var replay = Reprocessing(settings: settings, range: range, metrics: metrics)
            // The size of the transactions doesn't show.
            if prefix == "two." { replay.batch = 50 }
            let summary = try replay.run()
            #expect(summary.records == (try feed.expected(settings.plan).records))
            #expect(throws: ReprocessingError.self) { try Reprocessing(settings: settings, range: range).run() }
        }
        for topic in ResultWriter.outputs {
            let one = try broker.records(of: broker.name("one." + topic.rawValue))
            let two = try broker.records(of: broker.name("two." + topic.rawValue))
            #expect(one == two, "\(topic.rawValue)")
        }
        let lines = try [Topic.aggregates1m, .aggregatesSliding].flatMap {
            try broker.records(of: broker.name("one." + $0.rawValue)).compactMap(\.value)
        }
        var left = Dictionary(lines.map { ($0, 1) }, uniquingKeysWith: +)
        for line in try feed.expected(settings.plan).lines { left[line, default: 0] -= 1 }
        let missing = left.filter { $0.value < 0 }
        #expect(missing.isEmpty, "nothing that the model says is missing")
        let flushed = left.filter { $0.value > 0 }.keys
        #expect(!flushed.isEmpty)
        for line in flushed { #expect(try PriceAggregate(json: Array(line.utf8).span).partial) }
    }
}
