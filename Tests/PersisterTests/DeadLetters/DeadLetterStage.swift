import Foundation
import Shared
import TestSupport

@testable import Persister

/// A broker with ticks that were refused, and the command for their dead letters.
struct DeadLetterStage {
    let broker: TestBroker
    private let producer: KafkaProducer

    init() throws {
        broker = try TestBroker(partitions: 2)
        producer = try KafkaProducer(settings: broker.settings, mode: .idempotent)
    }

    /// Settings for the command.
    var environment: [String: String] {
        [
            "KAFKA_BOOTSTRAP_SERVERS": broker.settings.bootstrapServers,
            "KAFKA_TOPIC_PREFIX": broker.settings.topicPrefix,
            "KAFKA_FETCH_WAIT_MAX_MS": "10",
        ]
    }

    /// Runs `persister dead-letters`.
    func run(_ arguments: String...) throws -> (code: Int32, output: String) {
        try ServiceProcess.run("persister", ["dead-letters"] + arguments, environment: environment)
    }

    /// Produces a tick, in the partition of its key unless another is named.
    func tick(_ number: Int, partition: Int32? = nil) throws {
        let tick = Ticks.tick(number)
        try producer.send(
            to: producer.topic(broker.settings.name(.raw)),
            partition: partition,
            key: tick.coinID,
            value: Ticks.json(tick),
            headers: [KafkaHeader("schema", "price-tick/1")]
        )
        if number.isMultiple(of: 1_000) { try flush() }
    }

    /// Waits until the broker has what was produced.
    func flush() throws {
        try producer.flush(timeout: .seconds(60))
    }

    /// Writes dead letters of everything in `prices.raw`.
    /// - Parameter services: who refused the record at this place of the partition, more than once if it stands there so.
    func refuse(by services: (Int64) -> [String]) throws {
        let letters = try producer.topic(broker.settings.name(.deadLetter))
        let reader = try KafkaReader(settings: broker.settings)
        for partition: Int32 in 0..<2 {
            let place = TopicPartition(topic: broker.settings.name(.raw), partition: partition)
            try reader.readToEnd(of: place, timeout: .seconds(60)) { record in
                for service in services(record.offset) {
                    let letter = DeadLetter(record, service: service, error: "odd at byte \(record.offset)")
                    try producer.send(letter, to: letters)
                }
            }
        }
        try flush()
    }

    /// What is in `prices.raw`.
    func ticks() throws -> [TestRecord] {
        try broker.records(of: broker.settings.name(.raw))
    }

    /// How many marks are among the dead letters.
    func marks() throws -> Int {
        try broker.records(of: broker.settings.name(.deadLetter)).count { $0.key == nil && $0.value == nil }
    }
}

extension TestRecord {
    /// The services that it was put back for; empty where it stands at its first place.
    var requeuedFor: [String] {
        Requeued(headers)?.services ?? []
    }
}
