import Foundation
import TestSupport
import Testing

@testable import Shared

/// Changes of the assignment that follow each other faster than librdkafka's own thread carries them out.
@Suite("Kafka: seeking", .ownThread, .timeLimit(.minutes(5)))
struct SeekTests {
    private static let partitions = 3
    private static let records = 3_000

    /// A topic "a" whose partitions hold ``records`` records each.
    private func broker() throws -> TestBroker {
        let broker = try TestBroker(topics: ["a": Self.partitions], canGoAway: true)
        let producer = try KafkaProducer(settings: broker.settings, mode: .idempotent)
        let topic = try producer.topic(broker.name("a"))
        for number in 0..<Self.records {
            for partition in 0..<Int32(Self.partitions) {
                try producer.send(to: topic, partition: partition, key: "k", value: Array("\(number)".utf8))
            }
        }
        try producer.flush(timeout: .seconds(30))
        return broker
    }

    private func all(_ broker: TestBroker) -> [TopicPartition] {
        (0..<Int32(Self.partitions)).map { TopicPartition(topic: broker.name("a"), partition: $0) }
    }

    @Test("A reader that is told a new place at once, again and again, reads from the last one")
    func assignAtOnce() throws {
        let broker = try broker()
        let reader = try KafkaReader(settings: broker.settings)
        for round in 0..<3_000 {
            let start = Int64(round % 1_000)
            try reader.assign(Dictionary(uniqueKeysWithValues: all(broker).map { ($0, start) }))
        }
        var firsts: [Int32: Int64] = [:]
        let deadline = ContinuousClock.now.advanced(by: .seconds(60))
        while firsts.count < Self.partitions, ContinuousClock.now < deadline {
            try reader.poll(max: 1_000, timeout: .milliseconds(100)) { record in
                if firsts[record.partition] == nil { firsts[record.partition] = record.offset }
            }
        }
        #expect(firsts == [0: 999, 1: 999, 2: 999])
    }

    @Test("A member that seeks right before it leaves goes in peace, and the next one starts at the earliest record")
    func seekAndLeave() throws {
        let broker = try broker()
        let handler = RecordingHandler()
        let consumer = try KafkaConsumer(settings: broker.settings, group: broker.name("a"), handler: handler)
        try consumer.subscribe([broker.name("a")])
        while consumer.positions.isEmpty { try consumer.poll(max: 1, timeout: .milliseconds(50)) { _ in } }
        for offset in 0..<500 {
            try consumer.seek(to: Dictionary(uniqueKeysWithValues: all(broker).map { ($0, Int64(offset)) }))
        }
        consumer.close()
        // Nothing is ours any more: a seek is no assignment.
        try consumer.seek(to: Dictionary(uniqueKeysWithValues: all(broker).map { ($0, 5) }))
        #expect(consumer.positions.isEmpty)
        #expect(handler.events == [.assigned(all(broker)), .revoked(all(broker))])
    }

    /// Starts where the test has come to, and says when the group took partitions away.
    private final class Following: RebalanceHandler {
        var next: [TopicPartition: Int64] = [:]
        var rebalances = 0

        func assigned(_ partitions: [TopicPartition], of _: any GroupMember) -> [TopicPartition: Int64] { next }

        func revoked(_ partitions: [TopicPartition], of _: any GroupMember) { rebalances += 1 }

        func lost(_ partitions: [TopicPartition]) { rebalances += 1 }
    }

    /// With `TICKLINE_SEEKS=20000` and a real broker that is restarted meanwhile it runs for minutes.
    @Test("Seeks while the broker goes and comes back lose no record and repeat none")
    func broken() throws {
        let broker = try broker()
        let seed = UInt64.random(in: .min ... .max)
        var random = SplitMix64(seed: seed)
        let rounds = ProcessInfo.processInfo.environment["TICKLINE_SEEKS"].flatMap { Int($0) } ?? 200
        let handler = Following()
        for partition in all(broker) { handler.next[partition] = 0 }
        let consumer = try KafkaConsumer(settings: broker.settings, group: broker.name("a"), handler: handler)
        try consumer.subscribe([broker.name("a")])
        while consumer.positions.isEmpty { try consumer.poll(max: 1, timeout: .milliseconds(50)) { _ in } }
        let isOver = StopSignal()
        defer { isOver.request() }
        let outages = UncheckedBroker(broker: broker)
        try DedicatedThread.start(name: "outages") {
            while !isOver.sleep(for: .seconds(1)) {
                outages.broker.setReachable(false)
                usleep(200_000)
                outages.broker.setReachable(true)
            }
        }
        var wrong: [String] = []
        var taken = 0
        var round = 0
        while round < rounds {
            // While the group has taken the partitions away there is nothing to seek.
            round += consumer.positions.isEmpty ? 0 : 1
            // One in two is followed by another one at once.
            for _ in 0..<Int.random(in: 1...2, using: &random) {
                for partition in all(broker) where Bool.random(using: &random) {
                    handler.next[partition] = Int64.random(in: 0..<Int64(Self.records - 100), using: &random)
                }
                try consumer.seek(to: handler.next)
            }
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                taken += try consumer.poll(max: 50, timeout: .milliseconds(50)) { record in
                    let partition = TopicPartition(topic: record.topic, partition: record.partition)
                    let expected = handler.next[partition] ?? -1
                    if record.offset != expected {
                        wrong.append("round \(round): \(partition) gave \(record.offset), not \(expected)")
                    }
                    handler.next[partition] = (record.offset + 1) % Int64(Self.records)
                }
                // Read to the end: from the start again.
                let ended = handler.next.filter { $0.value == 0 && consumer.positions[$0.key] ?? 0 > 0 }
                if !ended.isEmpty { try consumer.seek(to: ended) }
            }
        }
        consumer.close()
        print("seeks, seed \(seed): \(taken) records, \(handler.rebalances) rebalances")
        #expect(wrong.isEmpty, "seed \(seed): \(wrong.prefix(5))")
        #expect(taken > 0)
    }

    private struct UncheckedBroker: @unchecked Sendable {
        let broker: TestBroker
    }
}
