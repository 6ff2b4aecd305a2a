import Glibc
import Shared
import TestSupport
import Testing

@testable import Aggregator

@Suite(
    "alerts.rules is deleted and made anew while the Aggregator runs",
    .ownThread,
    .timeLimit(.minutes(5)),
    .enabled(if: TestBroker.realBootstrapServers != nil, "the mock deletes no topic")
)
struct RuleTopicTests {
    private func rule(_ id: String, threshold: Int) -> AlertRule {
        .bitcoin(id, above: threshold)
    }

    private func tick(_ price: Int, second: Int64) -> PriceTick {
        .bitcoin(price, at: 1_768_000_000_000_000 + second * 1_000_000)
    }

    @Test("the new topic's rules are in force, and only they; nothing is aborted")
    func anew() async throws {
        let broker = try TestBroker()
        let topic = Topic.alertRules.rawValue
        for _ in 0..<9 { try broker.send([rule("up", threshold: 10), rule("gone", threshold: 20)]) }
        let feed = try TickFeed(broker, seed: 1)
        for (second, price) in [5, 12, 5].enumerated() { try feed.send(tick(price, second: Int64(second))) }
        try feed.flush()
        let aggregator = try RunningAggregator(broker)
        try await eventually("both rules are in force and one fired") {
            aggregator.metric("rules") == 2 && aggregator.metric("alerts_total") == 1 && aggregator.ticks == 3
        }

        try broker.delete(topic)
        // The broker deletes in its own time, and until then says that the topic exists.
        let reader = try KafkaReader(settings: broker.settings)
        try await eventually("the topic is there again") {
            try KafkaTopics.create([NewTopic(name: broker.name(topic), partitions: 3)], settings: broker.settings)
            usleep(300_000)
            return try reader.topics()[broker.name(topic)] != nil
        }
        try broker.send([rule("up", threshold: 10), rule("new", threshold: 30)])
        try broker.send([rule("more", threshold: 40)])
        let producer = try KafkaProducer(settings: broker.settings, mode: .idempotent)
        try producer.send(to: producer.topic(broker.name(topic)), key: "up", value: Array("nonsense".utf8))
        try producer.flush(timeout: .seconds(20))
        // "gone" must be gone by then, or it would be one rule more.
        try await eventually("the new rules are in force") {
            aggregator.metric("rules") == 3 && aggregator.metric("dead_letters_total") == 1
        }

        // "up" has looked before, "new" looks for the first time at 5 and fires at 35.
        for (second, price) in [5, 35].enumerated() { try feed.send(tick(price, second: 10 + Int64(second))) }
        try feed.flush()
        try await eventually("what is to fire has fired") { aggregator.metric("alerts_total") == 3 }
        try await aggregator.finish()
        #expect(try broker.alertIDs().map { String($0.prefix(3)) } == ["new", "up:", "up:"])
        #expect(aggregator.metric(#"transactions_total{outcome="aborted"}"#) == 0)
    }
}
