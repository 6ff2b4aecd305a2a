import Shared
import TestSupport
import Testing

/// What only a real broker shows; the mock accepts transactions and isolates nothing.
@Suite(
    "Kafka: transactions on a real broker",
    .ownThread,
    .enabled(if: TestBroker.realBootstrapServers != nil, "KAFKA_BOOTSTRAP_SERVERS names no real broker")
)
struct KafkaTransactionTests {
    private func producer(_ broker: TestBroker, id: String) throws -> KafkaProducer {
        let producer = try KafkaProducer(settings: broker.settings, mode: .transactional(id: id))
        try producer.initTransactions()
        return producer
    }

    @Test("A reader with read_committed sees committed records only")
    func isolation() throws {
        let broker = try TestBroker(topics: ["a": 1])
        let producer = try producer(broker, id: broker.name("t"))
        let topic = try producer.topic(broker.name("a"))
        for round in 0..<4 {
            try producer.beginTransaction()
            for number in 0..<30 {
                try producer.send(to: topic, key: "k", value: Array("\(round)-\(number)".utf8))
            }
            if round.isMultiple(of: 2) {
                try producer.commitTransaction()
            } else {
                try producer.abortTransaction()
            }
        }
        let expected = [0, 2].flatMap { round in (0..<30).map { "\(round)-\($0)" } }
        #expect(try broker.records(of: broker.name("a")).map(\.value) == expected)
    }

    @Test("An abort right behind the sends is one, whether or not anything reached the broker: the producer goes on")
    func abortAtOnce() throws {
        let broker = try TestBroker(topics: ["a": 3])
        let producer = try producer(broker, id: broker.name("t"))
        let topic = try producer.topic(broker.name("a"))
        var expected: [String] = []
        for round in 0..<60 {
            try producer.beginTransaction()
            for partition in 0..<Int32(round % 4) {
                try producer.send(to: topic, partition: partition % 3, key: "k", value: Array("\(round)".utf8))
            }
            if round % 3 == 0 {
                try producer.commitTransaction()
                expected += Array(repeating: "\(round)", count: round % 4)
            } else {
                try producer.abortTransaction()
            }
        }
        #expect(try broker.records(of: broker.name("a")).compactMap(\.value).sorted() == expected.sorted())
    }

    @Test("Reading to the end waits for a predecessor's open transaction")
    func readToEndWaits() throws {
        let broker = try TestBroker(topics: ["a": 1])
        let partition = TopicPartition(topic: broker.name("a"), partition: 0)
        let zombie = try producer(broker, id: broker.name("t"))
        try zombie.beginTransaction()
        try zombie.send(to: zombie.topic(broker.name("a")), key: "k", value: Array("open".utf8))
        try zombie.flush(timeout: .seconds(30))
        let reader = try KafkaReader(settings: broker.settings)
        let error = #expect(throws: KafkaError.self) {
            try reader.readToEnd(of: partition, timeout: .seconds(1)) { _ in }
        }
        #expect(error?.isTimeout == true)

        let successor = try producer(broker, id: broker.name("t"))
        try successor.beginTransaction()
        try successor.send(to: successor.topic(broker.name("a")), key: "k", value: Array("done".utf8))
        try successor.commitTransaction()
        var seen: [String?] = []
        try reader.readToEnd(of: partition, timeout: .seconds(20)) { seen.append(TestRecord($0).value) }
        #expect(seen == ["done"])
        let fenced = #expect(throws: KafkaError.self) { try zombie.commitTransaction() }
        #expect(fenced?.isFatal == true || fenced?.requiresAbort == true)
    }

    @Test("Offsets in a transaction are stored with it, and refused from a member that has left its group")
    func offsetsInTransactions() throws {
        let broker = try TestBroker(topics: ["a": 1, "b": 1])
        let partition = TopicPartition(topic: broker.name("a"), partition: 0)
        let source = try KafkaProducer(settings: broker.settings, mode: .idempotent)
        for number in 0..<10 {
            try source.send(to: source.topic(broker.name("a")), key: "k", value: Array("\(number)".utf8))
        }
        try source.flush(timeout: .seconds(30))

        let consumer = try KafkaConsumer(
            settings: broker.settings,
            group: broker.name("g"),
            handler: RecordingHandler()
        )
        try consumer.subscribe([broker.name("a")])
        var seen = 0
        while seen < 10 {
            seen += try consumer.poll(max: 10, timeout: .milliseconds(100)) { _ in }
        }
        let producer = try producer(broker, id: broker.name("t"))
        try producer.beginTransaction()
        try producer.send(to: producer.topic(broker.name("b")), key: "k", value: [1])
        try producer.sendOffsets([partition: 7], of: consumer)
        try producer.commitTransaction()
        #expect(try consumer.committed([partition]) == [partition: 7])

        consumer.close()
        try producer.beginTransaction()
        try producer.send(to: producer.topic(broker.name("b")), key: "k", value: [2])
        #expect(throws: KafkaError.self) {
            try producer.sendOffsets([partition: 9], of: consumer)
        }
        try producer.abortTransaction()
        #expect(try broker.records(of: broker.name("b")).count == 1)
    }

    @Test("A partition whose transactions have all been read has no lag, an open transaction is lag")
    func lagWithoutMarkers() throws {
        let broker = try TestBroker(topics: ["a": 1])
        let partition = TopicPartition(topic: broker.name("a"), partition: 0)
        let producer = try producer(broker, id: broker.name("t"))
        let topic = try producer.topic(broker.name("a"))
        func send() throws {
            try producer.beginTransaction()
            try producer.send(to: topic, key: "k", value: [1])
        }
        try send()
        try producer.commitTransaction()
        let consumer = try KafkaConsumer(
            settings: broker.settings,
            group: broker.name("g"),
            handler: RecordingHandler()
        )
        try consumer.subscribe([broker.name("a")])
        func poll(until lag: Int64) throws {
            let deadline = ContinuousClock.now.advanced(by: .seconds(30))
            while consumer.lag(of: partition) != lag {
                let now = consumer.lag(of: partition)
                try #require(ContinuousClock.now < deadline, "the lag stays \(now.map(String.init) ?? "unknown")")
                try consumer.poll(max: 10, timeout: .milliseconds(50)) { _ in }
            }
        }
        try poll(until: 0)
        try send()
        try producer.flush(timeout: .seconds(30))
        try poll(until: 1)
        try producer.commitTransaction()
        try poll(until: 0)
        consumer.close()
    }
}
