import Shared
import TestSupport
import Testing

@Suite(
    "Kafka: the end of a transaction, delayed by the network",
    .ownThread,
    .enabled(if: TestBroker.realBootstrapServers != nil, "KAFKA_BOOTSTRAP_SERVERS names no real broker")
)
struct DelayedEndTests {
    @Test("A request to end a transaction that arrives late, after another one was answered, ends no later one")
    func delayed() throws {
        let broker = try TestBroker(topics: ["a": 1])
        let proxy = try KafkaProxy(before: broker.settings.bootstrapServers)
        var behind = broker.settings
        behind.bootstrapServers = proxy.bootstrapServers
        let producer = try KafkaProducer(settings: behind, mode: .transactional(id: broker.name("t")))
        try producer.initTransactions()
        let topic = try producer.topic(broker.name("a"))
        func begin(_ value: String) throws {
            try producer.beginTransaction()
            try producer.send(to: topic, key: "k", value: Array(value.utf8))
            try producer.flush(timeout: .seconds(30))
        }
        func committed() throws -> [String?] {
            // A position before the end of an open transaction is the end for a reader of what is committed.
            var values: [String?] = []
            let reader = try KafkaReader(settings: broker.settings)
            let partition = TopicPartition(topic: broker.name("a"), partition: 0)
            _ = try? reader.readToEnd(of: partition, timeout: .seconds(2)) { values.append(TestRecord($0).value) }
            return values
        }

        try begin("first")
        proxy.holdNextEndTxn()
        try producer.commitTransaction()
        #expect(proxy.isHolding)
        #expect(try committed() == ["first"])

        try begin("half")
        let code = try proxy.release()
        // INVALID_PRODUCER_EPOCH, or PRODUCER_FENCED since KIP-588.
        #expect([47, 90].contains(code), "the broker answers the late request with \(code)")
        #expect(try committed() == ["first"])
        try producer.abortTransaction()
        try begin("third")
        try producer.commitTransaction()
        #expect(try committed() == ["first", "third"])
    }
}
