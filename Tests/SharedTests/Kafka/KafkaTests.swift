import Shared
import TestSupport
import Testing

@Suite("Kafka: consumer, producer and reader on a broker", .ownThread)
struct KafkaTests {
    /// Polls until `done`, or fails after two minutes: a join takes the mock 5 s, and a member that comes too late to one, on a
    /// busy machine, begins the next.
    private func poll(
        _ consumer: KafkaConsumer,
        until done: () throws -> Bool,
        _ body: (KafkaRecord) throws -> Void = { _ in }
    ) throws {
        let deadline = ContinuousClock.now.advanced(by: .seconds(120))
        while try !done() {
            try #require(ContinuousClock.now < deadline, "the consumer did not get there within two minutes")
            try consumer.poll(max: 100, timeout: .milliseconds(50), body)
        }
    }

    private func produce(_ count: Int, to topic: String, on broker: TestBroker) throws {
        let producer = try KafkaProducer(settings: broker.settings, mode: .idempotent)
        let destination = try producer.topic(topic)
        for number in 0..<count {
            try producer.send(to: destination, key: "key-\(number % 7)", value: Array("\(number)".utf8))
        }
        try producer.flush(timeout: .seconds(30))
        #expect(producer.sent == count)
        #expect(producer.acknowledged == count)
    }

    @Test("A record arrives with its key, value and headers; a tombstone and an empty value stay apart")
    func recordsArriveWhole() throws {
        let broker = try TestBroker(topics: ["a": 1])
        let producer = try KafkaProducer(settings: broker.settings, mode: .idempotent)
        let plain = try producer.topic(broker.name("a"))
        let typed = try producer.topic(broker.name("a"), schema: "price-tick/1")
        try producer.send(to: plain, key: "k", value: Array("v".utf8))
        try producer.send(to: typed, key: "k", value: Array("w".utf8))
        try producer.send(to: typed, key: "k", value: nil, headers: [KafkaHeader("reason", "gone")])
        try producer.send(to: plain, key: "", value: [])
        try producer.flush(timeout: .seconds(30))

        let records = try broker.records(of: broker.name("a"))
        #expect(records.map(\.key) == ["k", "k", "k", ""])
        #expect(records.map(\.value) == ["v", "w", nil, ""])
        #expect(records.map(\.offset) == [0, 1, 2, 3])
        #expect(records[0].headers.isEmpty)
        #expect(records[1].headers == [KafkaHeader("schema", "price-tick/1")])
        #expect(records[2].headers == [KafkaHeader("schema", "price-tick/1"), KafkaHeader("reason", "gone")])
    }

    @Test(
        "A key lands in the partition that Java's murmur2 gives it",
        arguments: [("21", 0x9a20_ae21), ("foobar", 0xcac9_b3d8), ("a-little-bit-long-string", 0xc4ab_1bb7)]
    )
    func partitionsAreJavas(key: String, _: Int) throws {
        // The oracle: org.apache.kafka.common.utils.Utils.murmur2, written out slowly.
        let broker = try TestBroker(topics: ["a": 7])
        let producer = try KafkaProducer(settings: broker.settings, mode: .idempotent)
        try producer.send(to: producer.topic(broker.name("a")), key: key, value: [1])
        try producer.flush(timeout: .seconds(30))
        let expected = Int32(Murmur2.hash(Array(key.utf8)) & 0x7fff_ffff) % 7
        #expect(try broker.records(of: broker.name("a")).map(\.partition) == [expected])
    }

    @Test("A poll hands out what is there and doesn't wait for more")
    func pollsDontWaitForFullBatches() throws {
        let broker = try TestBroker(topics: ["a": 1])
        let topic = broker.name("a")
        let consumer = try KafkaConsumer(settings: broker.settings, group: topic, handler: RecordingHandler())
        try consumer.subscribe([topic])
        try poll(consumer, until: { !consumer.positions.isEmpty })
        try produce(3, to: topic, on: broker)
        let start = ContinuousClock.now
        var count = 0
        while count < 3 { count += try consumer.poll(max: 100, timeout: .seconds(60)) { _ in } }
        #expect(ContinuousClock.now - start < .seconds(30))
    }

    @Test("A group starts where the handler says, and where it had committed when the handler says nothing")
    func groupsStartWhereTheyShould() throws {
        let broker = try TestBroker(topics: ["a": 1])
        let topic = broker.name("a")
        let partition = TopicPartition(topic: topic, partition: 0)
        try produce(20, to: topic, on: broker)

        let first = RecordingHandler()
        first.starts = [partition: 5]
        var seen: [Int64] = []
        let consumer = try KafkaConsumer(settings: broker.settings, group: topic, handler: first)
        try consumer.subscribe([topic])
        try poll(consumer, until: { seen.count == 15 }) { seen.append($0.offset) }
        #expect(seen == Array(5..<20))
        #expect(consumer.positions == [partition: 20])
        #expect(consumer.lag(of: partition) == 0)
        try consumer.commit([partition: 12], wait: .seconds(30))
        consumer.close()
        #expect(first.events == [.assigned([partition]), .revoked([partition])])

        let second = RecordingHandler()
        var again: [Int64] = []
        let successor = try KafkaConsumer(settings: broker.settings, group: topic, handler: second)
        try successor.subscribe([topic])
        try poll(successor, until: { again.count == 8 }) { again.append($0.offset) }
        #expect(again == Array(12..<20))
        successor.close(abandon: true)
        #expect(second.events == [.assigned([partition]), .lost([partition])])
    }

    @Test("Seeking goes back, and a paused partition gives nothing until it is resumed")
    func seekAndPause() throws {
        let broker = try TestBroker(topics: ["a": 1])
        let topic = broker.name("a")
        let partition = TopicPartition(topic: topic, partition: 0)
        try produce(10, to: topic, on: broker)
        let handler = RecordingHandler()
        let consumer = try KafkaConsumer(settings: broker.settings, group: topic, handler: handler)
        try consumer.subscribe([topic])
        var seen: [Int64] = []
        try poll(consumer, until: { seen.count == 10 }) { seen.append($0.offset) }

        try consumer.pause([partition])
        try consumer.seek(to: [partition: 3])
        for _ in 0..<10 {
            try consumer.poll(max: 100, timeout: .milliseconds(20)) { seen.append($0.offset) }
        }
        #expect(seen == Array(0..<10))
        try consumer.resume([partition])
        try poll(consumer, until: { seen.count == 17 }) { seen.append($0.offset) }
        #expect(seen == Array(0..<10) + Array(3..<10))
        consumer.close()
    }

    @Test("An error in the middle of a batch leaves the rest for the next poll after a seek")
    func errorsInsideABatch() throws {
        struct Stop: Error {}
        let broker = try TestBroker(topics: ["a": 1])
        let topic = broker.name("a")
        let partition = TopicPartition(topic: topic, partition: 0)
        try produce(50, to: topic, on: broker)
        let consumer = try KafkaConsumer(settings: broker.settings, group: topic, handler: RecordingHandler())
        try consumer.subscribe([topic])
        var seen: [Int64] = []
        #expect(throws: Stop.self) {
            try poll(consumer, until: { false }) { record in
                if record.offset == 20 {
                    throw Stop()
                }
                seen.append(record.offset)
            }
        }
        try consumer.seek(to: [partition: 20])
        try poll(consumer, until: { seen.count == 50 }) { seen.append($0.offset) }
        #expect(seen == Array(0..<50))
        consumer.close()
    }

    @Test("A handler that can't take its partitions makes the poll throw, and the consumer can still be closed")
    func refusedAssignment() throws {
        let broker = try TestBroker(topics: ["a": 1])
        let handler = RecordingHandler()
        handler.refuses = true
        let consumer = try KafkaConsumer(settings: broker.settings, group: broker.name("a"), handler: handler)
        try consumer.subscribe([broker.name("a")])
        #expect(throws: RecordingHandler.Refusal.self) {
            try poll(consumer, until: { false })
        }
        consumer.close()
    }

    @Test(
        "An assignment that fails as out of range is no error of reading: whoever goes on from those doesn't go on from it"
    )
    func assignmentOutOfRange() throws {
        let broker = try TestBroker(topics: ["a": 1])
        let handler = RecordingHandler()
        let partition = TopicPartition(topic: broker.name("a"), partition: 0)
        // What a handler throws that reads the partition's state, when that is deleted meanwhile.
        handler.refuses = true
        let source = RecordingHandler()
        source.starts = [partition: 1_000]
        let strict = try KafkaConsumer(settings: broker.settings, group: broker.name("b"), handler: source)
        try strict.subscribe([broker.name("a")])
        handler.failure = #expect(throws: KafkaError.self) { try poll(strict, until: { false }) }
        strict.close()
        let consumer = try KafkaConsumer(settings: broker.settings, group: broker.name("a"), handler: handler)
        try consumer.subscribe([broker.name("a")])
        let error = #expect(throws: FailedAssignment.self) { try poll(consumer, until: { false }) }
        #expect(error?.cause.isOffsetOutOfRange == true)
        #expect(error?.disposition == .retry)
        #expect(consumer.positions.isEmpty)
        consumer.close()
    }

    @Test("A poll hands out no more bytes than its budget and one record, however many records it may")
    func pollsAreBoundedByBytes() throws {
        let broker = try TestBroker(topics: ["a": 3])
        let producer = try KafkaProducer(settings: broker.settings, mode: .idempotent)
        let topic = try producer.topic(broker.name("a"))
        let size = 700_000
        for partition in 0..<Int32(3) {
            for _ in 0..<6 {
                try producer.send(to: topic, partition: partition, key: "k", value: [UInt8](repeating: 1, count: size))
                // One to a batch: the mock can't take larger ones.
                try producer.flush(timeout: .seconds(30))
            }
        }
        let reader = try KafkaReader(settings: broker.settings)
        try reader.assign(
            Dictionary(
                uniqueKeysWithValues: (0..<Int32(3)).map { (TopicPartition(topic: broker.name("a"), partition: $0), 0) }
            )
        )
        var records = 0
        let deadline = ContinuousClock.now.advanced(by: .seconds(60))
        while records < 18, ContinuousClock.now < deadline {
            var bytes = 0
            records += try reader.poll(max: 1_000, timeout: .milliseconds(100)) { bytes += $0.value?.count ?? 0 }
            #expect(bytes <= (4 << 20) + size, "\(bytes) bytes in one poll")
        }
        #expect(records == 18)
    }

    @Test("Two members share the partitions, and the one that stays gets all of them back")
    func rebalance() throws {
        let broker = try TestBroker(topics: ["a": 4])
        let topic = broker.name("a")
        let all = (0..<4).map { TopicPartition(topic: topic, partition: $0) }
        let (one, two) = (RecordingHandler(), RecordingHandler())
        let first = try KafkaConsumer(settings: broker.settings, group: topic, handler: one)
        let second = try KafkaConsumer(settings: broker.settings, group: topic, handler: two)
        try first.subscribe([topic])
        try poll(first, until: { first.positions.count == 4 })
        try second.subscribe([topic])
        try poll(
            first,
            until: {
                try second.poll(max: 1, timeout: .milliseconds(10)) { _ in }
                return first.positions.count == 2 && second.positions.count == 2
            }
        )
        #expect((Array(first.positions.keys) + Array(second.positions.keys)).sorted() == all)
        second.close()
        try poll(first, until: { first.positions.count == 4 })
        first.close()
        #expect(one.events.last == .revoked(all))
    }

    @Test("A position that the broker no longer has is an error unless the options say otherwise")
    func offsetOutOfRange() throws {
        let broker = try TestBroker(topics: ["a": 1])
        let topic = broker.name("a")
        let partition = TopicPartition(topic: topic, partition: 0)
        try produce(5, to: topic, on: broker)
        let handler = RecordingHandler()
        handler.starts = [partition: 1_000]
        let strict = try KafkaConsumer(settings: broker.settings, group: topic, handler: handler)
        try strict.subscribe([topic])
        let error = #expect(throws: KafkaError.self) {
            try poll(strict, until: { false })
        }
        #expect(error?.isOffsetOutOfRange == true)
        #expect(error?.disposition == .fatal)
        strict.close()
    }

    @Test("Missing topics are named, and an unreachable broker is an error that can be tried again")
    func topicCheck() throws {
        let broker = try TestBroker(topics: ["a": 2])
        #expect(try KafkaTopics.check([broker.name("a")], settings: broker.settings) == [broker.name("a"): 2])
        let missing = #expect(throws: MissingTopics.self) {
            try KafkaTopics.check(
                [broker.name("a"), broker.name("b")],
                settings: broker.settings,
                timeout: .milliseconds(500)
            )
        }
        #expect(missing?.topics == [broker.name("b")])
        let nobody = KafkaSettings(bootstrapServers: "127.0.0.1:1")
        let error = #expect(throws: KafkaError.self) {
            try KafkaTopics.check(["a"], settings: nobody, timeout: .milliseconds(300))
        }
        #expect(error?.disposition == .retry)
        #expect(error?.message.contains("127.0.0.1:1") == true)
    }

    @Test("Topics that show a moment later are waited for, and a stop ends the wait")
    func lateTopics() throws {
        let broker = try TestBroker(topics: ["a": 2])
        let settings = broker.settings
        let late = NewTopic(name: broker.name("late"), partitions: 3)
        // The mock makes a topic when it is asked for one; it doesn't know this one before.
        if !broker.isReal { broker.setKnown("a", false) }
        nonisolated(unsafe) let maker = broker
        try DedicatedThread.start(name: "maker") {
            StopSignal().sleep(for: .milliseconds(500))
            if maker.isReal { try? KafkaTopics.create([late], settings: settings) } else { maker.setKnown("a", true) }
        }
        let name = broker.isReal ? late.name : broker.name("a")
        let began = ContinuousClock.now
        #expect(try KafkaTopics.check([name], settings: settings) == [name: broker.isReal ? 3 : 2])
        #expect(began.duration(to: .now) >= .milliseconds(300))
        let stop = StopSignal()
        stop.request()
        let stopped = #expect(throws: KafkaError.self) {
            try KafkaTopics.check([broker.name("never")], settings: settings, stop: stop)
        }
        #expect(stopped?.isInterrupted == true)
    }
}
