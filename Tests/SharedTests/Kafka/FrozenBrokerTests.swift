import Foundation
import Glibc
import Logging
import TestSupport
import Testing

@testable import Shared

/// A broker that accepts connections and answers nothing: a stopped process, as a machine that swaps or a network that
/// swallows looks from outside. Each test ends while it is still frozen; one that waited for it would never end.
@Suite("Kafka: a broker that answers nothing", .ownThread, .timeLimit(.minutes(5)))
struct FrozenBrokerTests {
    private let broker: ServiceProcess
    private let settings: KafkaSettings
    private let topic = Topic.raw.rawValue

    init() throws {
        broker = try ServiceProcess("localbroker")
        settings = KafkaSettings(
            bootstrapServers: try broker.waitForLine(containing: "127.0.0.1:"),
            properties: ["session.timeout.ms": "6000", "fetch.wait.max.ms": "10"]
        )
    }

    /// Stops the broker, and waits until the kernel has stopped each of its threads: until then it may still answer.
    private func freeze() throws {
        broker.signal(SIGSTOP)
        let tasks = "/proc/\(broker.id)/task"
        try broker.wait("every thread to stand still") {
            let threads = try FileManager.default.contentsOfDirectory(atPath: tasks)
            let isFrozen = threads.allSatisfy { thread in
                // The state comes after the name, which stands in brackets.
                let stat = (try? String(contentsOfFile: "\(tasks)/\(thread)/stat", encoding: .utf8)) ?? ""
                return stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].hasPrefix(") T")
            }
            return isFrozen ? true : nil
        }
    }

    private func join(_ handler: RecordingHandler, stop: StopSignal? = nil) throws -> KafkaConsumer {
        let consumer = try KafkaConsumer(settings: settings, group: "g", handler: handler, stop: stop)
        try consumer.subscribe([topic])
        while consumer.positions.isEmpty { try consumer.poll(max: 1, timeout: .milliseconds(50)) { _ in } }
        return consumer
    }

    @Test("a member leaves: its partitions are given back, and neither closing nor its end waits")
    func consumer() throws {
        let handler = RecordingHandler()
        var consumer: KafkaConsumer? = try join(handler)
        let partitions = try #require(consumer?.positions.keys.sorted())
        try freeze()
        consumer?.close()
        #expect(handler.events == [.assigned(partitions), .revoked(partitions)])
        consumer = nil
    }

    @Test("a member that nobody closed ends without waiting")
    func forgottenConsumer() throws {
        var consumer: KafkaConsumer? = try join(RecordingHandler())
        try freeze()
        #expect(consumer != nil)
        consumer = nil
    }

    @Test("a waiting commit gives up after its time")
    func commit() throws {
        let consumer = try join(RecordingHandler())
        let partition = try #require(consumer.positions.keys.first)
        try freeze()
        let error = #expect(throws: KafkaError.self) {
            try consumer.commit([partition: 1], wait: .milliseconds(300))
        }
        #expect(error?.isTimeout == true)
        consumer.close()
    }

    @Test("a question for a partition's offsets gives up after its time, also when the connection stands")
    func questions() throws {
        let reader = try KafkaReader(settings: settings)
        let partition = TopicPartition(topic: topic, partition: 0)
        #expect(try reader.watermarkOffsets(of: partition) == 0..<0)
        try freeze()
        let error = #expect(throws: KafkaError.self) {
            try reader.watermarkOffsets(of: partition, timeout: .milliseconds(300))
        }
        #expect(error?.isTimeout == true)
    }

    @Test("a reader, and producers with records in their queue, end without waiting")
    func others() throws {
        var reader: KafkaReader? = try KafkaReader(settings: settings)
        _ = try reader?.topics()
        try reader?.assign([TopicPartition(topic: topic, partition: 0): 0])
        var plain: KafkaProducer? = try KafkaProducer(settings: settings, mode: .idempotent)
        var transactional: KafkaProducer? = try KafkaProducer(settings: settings, mode: .transactional(id: "t"))
        try transactional?.initTransactions()
        try transactional?.beginTransaction()
        let name = topic
        do {
            let ready = try [plain, transactional].compactMap { $0 }.map { producer in
                let destination = try producer.topic(name)
                // The first record looks for the topic.
                try producer.send(to: destination, key: "k", value: [0])
                try producer.flush(timeout: .seconds(30))
                return (producer, destination)
            }
            try freeze()
            for (producer, destination) in ready {
                for number in 0..<1_000 {
                    try producer.send(to: destination, key: "k", value: Array("\(number)".utf8))
                }
            }
        }
        #expect(plain?.outstanding == 1_000)
        reader = nil
        plain = nil
        transactional = nil
    }

    @Test("offsets for a transaction are given up after their time, and their producer with them; the next one goes on")
    func offsets() throws {
        let consumer = try join(RecordingHandler())
        let partition = try #require(consumer.positions.keys.first)
        func begin() throws -> KafkaProducer {
            let producer = try KafkaProducer(settings: settings, mode: .transactional(id: "t"))
            try producer.initTransactions()
            try producer.beginTransaction()
            try producer.send(to: producer.topic(topic), key: "k", value: [1])
            try producer.flush(timeout: .seconds(30))
            return producer
        }
        let producer = try begin()
        try freeze()
        let error = #expect(throws: KafkaError.self) {
            try producer.sendOffsets([partition: 1], of: consumer, timeout: .milliseconds(500))
        }
        #expect(error?.isClientLost == true)
        // The call is still under way: no other one is made of this producer.
        let aborting = #expect(throws: KafkaError.self) { try producer.abortTransaction() }
        #expect(aborting == error)
        broker.signal(SIGCONT)
        let next = try begin()
        try next.sendOffsets([partition: 1], of: consumer)
        try next.commitTransaction()
        consumer.close()
    }

    @Test("a stop that is requested ends the waits: at once where nothing is in hand, in its time where something is")
    func stop() throws {
        let stop = StopSignal()
        let reader = try KafkaReader(settings: settings, stop: stop)
        let producer = try KafkaProducer(settings: settings, mode: .transactional(id: "t"), stop: stop)
        let other = try KafkaProducer(settings: settings, mode: .transactional(id: "u"), stop: stop)
        try producer.initTransactions()
        try producer.beginTransaction()
        let topic = try producer.topic(topic)
        try producer.send(to: topic, key: "k", value: [1])
        try producer.flush(timeout: .seconds(30))
        try freeze()
        try DedicatedThread.start(name: "stop") {
            usleep(500_000)
            stop.request(within: .seconds(1))
        }
        let starting = #expect(throws: KafkaError.self) { try other.initTransactions(timeout: .seconds(600)) }
        #expect(starting?.disposition == .interrupted)
        let asking = #expect(throws: KafkaError.self) { try reader.topics(timeout: .seconds(600)) }
        #expect(asking?.disposition == .interrupted)
        let committing = #expect(throws: KafkaError.self) { try producer.commitTransaction(timeout: .seconds(600)) }
        #expect(committing?.disposition == .retry)
    }

    @Test("readiness says that no broker answers, whatever the pipeline does, and takes it back")
    func watch() async throws {
        let readiness = Readiness(BrokerWatch.condition)
        func isOK() -> Bool { readiness.conditions.contains { $0.name == BrokerWatch.condition && $0.state == .ok } }
        let watch = BrokerWatch(settings: settings, readiness: readiness)
        #expect(try watch.wait(for: [topic], stop: StopSignal())[topic] != nil)
        try await eventually("the broker answers") { watch.isReachable && isOK() }
        try freeze()
        try await eventually("it does not") { !watch.isReachable && !isOK() }
        broker.signal(SIGCONT)
        try await eventually("it does again") { watch.isReachable && isOK() }
    }
}
