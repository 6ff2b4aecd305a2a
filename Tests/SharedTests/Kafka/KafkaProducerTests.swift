import Shared
import TestSupport
import Testing

@Suite("Kafka: a producer while brokers come back", .ownThread)
struct KafkaProducerTests {
    private func producer(_ broker: TestBroker, _ properties: [String: String] = [:]) throws -> KafkaProducer {
        // The mock's topics come and go faster than librdkafka asks by itself.
        let all = ["topic.metadata.refresh.interval.ms": "50", "reconnect.backoff.max.ms": "200"]
        return try KafkaProducer(
            settings: broker.settings,
            mode: .idempotent,
            properties: all.merging(properties) { $1 }
        )
    }

    @Test(
        "Records that wait while the broker doesn't know their topic arrive once and in order, whatever goes on meanwhile",
        .enabled(if: TestBroker.realBootstrapServers == nil, "only the mock can be made to forget a topic"),
        arguments: 1...3
    )
    func unknownTopic(seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        let broker = try TestBroker(topics: ["a": 3])
        let producer = try producer(broker)
        let topic = try producer.topic(broker.name("a"))
        var isKnown = true
        for number in 0..<6_000 {
            if isKnown, random.chance(1, in: 1_500) {
                broker.setKnown("a", false)
                isKnown = false
            }
            let key = Array("key-\(number % 7)".utf8)
            let value = Array("\(number)".utf8)
            var isTaken = false
            while !isTaken {
                do {
                    try key.withUnsafeBufferPointer { key in
                        try value.withUnsafeBufferPointer { value in
                            try producer.send(to: topic, key: key, value: value, patience: .milliseconds(200))
                        }
                    }
                    isTaken = true
                } catch let error as KafkaError {
                    #expect(error.isBackPressure, "seed \(seed): \(error)")
                    broker.setKnown("a", true)
                    isKnown = true
                }
            }
            if number.isMultiple(of: 20) { StopSignal().sleep(for: .milliseconds(1)) }
        }
        broker.setKnown("a", true)
        try producer.flush(timeout: .seconds(30))
        #expect(producer.failed == 0, "seed \(seed)")
        let records = try broker.records(of: broker.name("a"))
        #expect(records.count == 6_000, "seed \(seed)")
        for (key, records) in Dictionary(grouping: records, by: \.key) {
            let numbers = records.compactMap { $0.value.flatMap { Int($0) } }
            #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $1 == $0 + 7 }, "seed \(seed): \(key ?? "")")
        }
    }

    @Test(
        "Records stay in order when a broker that is loading refuses a write and takes the next",
        .enabled(if: TestBroker.realBootstrapServers == nil, "only the mock can be made to refuse one write")
    )
    func refusedWrite() throws {
        let broker = try TestBroker(topics: ["a": 1])
        // Each record is a request of its own.
        let producer = try producer(broker, ["batch.num.messages": "1", "linger.ms": "0"])
        let topic = try producer.topic(broker.name("a"))
        let sent = (0..<200).map { "\($0)" }
        for (number, value) in sent.enumerated() {
            if number.isMultiple(of: 20) { broker.refuseWrites(1) }
            try producer.send(to: topic, key: "k", value: Array(value.utf8))
        }
        try producer.flush(timeout: .seconds(30))
        #expect(producer.failed == 0)
        #expect(try broker.records(of: broker.name("a")).map(\.value) == sent)
    }

    @Test(
        "A topic that nobody knows is waited for as long as the caller says, from the first record on",
        .enabled(if: TestBroker.realBootstrapServers == nil, "only the mock can be made to forget a topic")
    )
    func patience() throws {
        let broker = try TestBroker(topics: ["a": 3])
        broker.setKnown("a", false)
        let producer = try producer(broker)
        let topic = try producer.topic(broker.name("a"))
        let key = Array("k".utf8)
        func send(patience: Duration) throws {
            try key.withUnsafeBufferPointer { try producer.send(to: topic, key: $0, value: nil, patience: patience) }
        }
        let error = #expect(throws: KafkaError.self) { try send(patience: .milliseconds(300)) }
        #expect(error?.isBackPressure == true)
        #expect(error?.disposition == .retry)
        #expect(producer.outstanding == 0)
        broker.setKnown("a", true)
        try send(patience: .seconds(30))
        try producer.flush(timeout: .seconds(30))
        #expect(try broker.records(of: broker.name("a")).count == 1)
    }

    /// Makes the broker forget a topic, and know it again a second later.
    private func forget(_ topic: String, on broker: TestBroker) throws {
        broker.setKnown(topic, false)
        // Until the producer has noticed: it asks every 50 ms.
        StopSignal().sleep(for: .milliseconds(300))
        nonisolated(unsafe) let broker = broker
        try DedicatedThread.start(name: "broker") {
            StopSignal().sleep(for: .seconds(1))
            broker.setKnown(topic, true)
        }
    }

    @Test(
        "While the broker says that there is no such topic no record is taken, also not when the client has forgotten why",
        .enabled(if: TestBroker.realBootstrapServers == nil, "only the mock can be made to forget a topic")
    )
    func forgottenTopic() throws {
        let broker = try TestBroker(topics: ["a": 3])
        // Without the 30 s that a new topic gets, as in a client that has run for longer.
        let producer = try producer(
            broker,
            ["topic.metadata.propagation.max.ms": "0", "topic.metadata.refresh.interval.ms": "2000"]
        )
        let topic = try producer.topic(broker.name("a"))
        var taken: [String] = []
        func send(_ value: String) throws {
            let (key, bytes) = (Array("k".utf8), Array(value.utf8))
            try key.withUnsafeBufferPointer { key in
                try bytes.withUnsafeBufferPointer {
                    try producer.send(to: topic, key: key, value: $0, patience: .milliseconds(20))
                }
            }
            taken.append(value)
        }
        try send("first")
        try producer.flush(timeout: .seconds(30))
        broker.setKnown("a", false)
        // The client forgets within a second that there is no such topic, and asks again: here that takes its time.
        broker.delayAnswers(milliseconds: 300)
        StopSignal().sleep(for: .milliseconds(2_500))
        let end = ContinuousClock.now.advanced(by: .seconds(3))
        while .now < end {
            do {
                try send("\(taken.count)")
            } catch let error as KafkaError {
                #expect(error.disposition == .retry)
            }
        }
        broker.setKnown("a", true)
        broker.delayAnswers(milliseconds: 0)
        while true {
            do {
                try send("last")
                break
            } catch let error as KafkaError {
                #expect(error.disposition == .retry)
            }
        }
        try producer.flush(timeout: .seconds(30))
        #expect(producer.failed == 0)
        #expect(try broker.records(of: broker.name("a")).map(\.value) == taken)
    }

    @Test(
        "A look whether brokers are there doesn't make the client forget its topics",
        .enabled(if: TestBroker.realBootstrapServers == nil, "only the mock can be made to forget a topic")
    )
    func look() async throws {
        let broker = try TestBroker(topics: ["a": 3])
        let proxy = try KafkaProxy(before: broker.settings.bootstrapServers)
        var settings = broker.settings
        settings.bootstrapServers = proxy.bootstrapServers
        let producer = try KafkaProducer(
            settings: settings,
            mode: .idempotent,
            properties: ["topic.metadata.propagation.max.ms": "0", "reconnect.backoff.max.ms": "100"]
        )
        let topic = try producer.topic(broker.name("a"))
        var taken: [String] = []
        func send(for time: Duration) {
            let end = ContinuousClock.now.advanced(by: time)
            while .now < end {
                let (key, value) = (Array("k".utf8), Array("\(taken.count)".utf8))
                let isTaken: Void? = key.withUnsafeBufferPointer { key in
                    value.withUnsafeBufferPointer {
                        try? producer.send(to: topic, key: key, value: $0, patience: .milliseconds(20))
                    }
                }
                if isTaken != nil { taken.append("\(taken.count)") }
                StopSignal().sleep(for: .milliseconds(5))
            }
        }
        send(for: .milliseconds(100))
        try producer.flush(timeout: .seconds(30))
        // The brokers go and come, and list no topics yet.
        proxy.listNoTopics()
        proxy.setDown(true)
        try await eventually("the client knows that the brokers are away") {
            producer.serve()
            return producer.unreachable() != nil
        }
        proxy.setDown(false)
        try await eventually("a broker answers again") { producer.unreachable() == nil }
        broker.setKnown("a", false)
        broker.delayAnswers(milliseconds: 300)
        send(for: .seconds(3))
        broker.setKnown("a", true)
        broker.delayAnswers(milliseconds: 0)
        send(for: .seconds(1))
        try producer.flush(timeout: .seconds(30))
        #expect(producer.failed == 0)
        #expect(try broker.records(of: broker.name("a")).map(\.value) == taken)
    }

    @Test(
        "A dead letter waits for a broker that is loading",
        .enabled(if: TestBroker.realBootstrapServers == nil, "only the mock can be made to forget a topic")
    )
    func deadLetters() throws {
        let broker = try TestBroker(topics: ["a": 1, "prices.dead-letter": 1])
        let producer = try producer(broker)
        let topic = try producer.topic(broker.name("a"))
        for value in 0..<2 as Range<UInt8> { try producer.send(to: topic, key: "k", value: [value]) }
        try producer.flush(timeout: .seconds(30))
        var settings = broker.settings
        settings.properties["topic.metadata.refresh.interval.ms"] = "50"
        let queue = DeadLetterQueue(settings: settings)
        let source = TopicPartition(topic: broker.name("a"), partition: 0)
        try KafkaReader(settings: broker.settings).readToEnd(of: source, timeout: .seconds(30)) { record in
            try queue.send(DeadLetter(record, service: "test", error: "bad"))
            if record.offset == 0 { try forget("prices.dead-letter", on: broker) }
        }
        try queue.flush()
        #expect(try broker.records(of: broker.name("prices.dead-letter")).count == 2)
    }

    @Test(
        "A transaction waits for a broker that is loading, and is committed whole",
        .enabled(if: TestBroker.realBootstrapServers == nil, "only the mock can be made to forget a topic")
    )
    func transactions() throws {
        let broker = try TestBroker(topics: ["a": 1])
        let producer = try KafkaProducer(
            settings: broker.settings,
            mode: .transactional(id: broker.name("t")),
            properties: ["topic.metadata.refresh.interval.ms": "50"]
        )
        try producer.initTransactions()
        let topic = try producer.topic(broker.name("a"))
        try producer.beginTransaction()
        for value in 0..<200 as Range<UInt8> {
            try producer.send(to: topic, key: "k", value: [value])
            if value == 100 { try forget("a", on: broker) }
        }
        try producer.commitTransaction()
        #expect(try broker.records(of: broker.name("a")).count == 200)
    }

    @Test("A record that is larger than a broker takes is refused at once, and is about that record alone")
    func tooLarge() throws {
        let broker = try TestBroker(topics: ["a": 1])
        let producer = try producer(broker, ["message.max.bytes": "2000"])
        let topic = try producer.topic(broker.name("a"))
        let error = #expect(throws: KafkaError.self) {
            try producer.send(to: topic, key: "k", value: [UInt8](repeating: 0x61, count: 3_000))
        }
        #expect(error?.isAboutRecord == true)
        #expect(error?.isBackPressure == false)
        try producer.send(to: topic, key: "k", value: [1])
        try producer.flush(timeout: .seconds(30))
    }
}
