import Shared
import TestSupport
import Testing

@Suite("Dead letters", .ownThread)
struct DeadLetterTests {
    private func letter(key: Int, value: Int, headers: [KafkaHeader], error: String) -> DeadLetter {
        let (key, value) = ([UInt8](repeating: 1, count: key), [UInt8](repeating: 2, count: value))
        return key.withUnsafeBufferPointer { key in
            value.withUnsafeBufferPointer { value in
                DeadLetter(
                    source: TopicPartition(topic: "prices.raw", partition: 2),
                    offset: 7,
                    key: key,
                    value: value,
                    headers: headers,
                    service: "test",
                    error: error
                )
            }
        }
    }

    @Test("what fits is kept as received, and headers say why and where from")
    func whole() {
        let own = KafkaHeader("own", "1")
        let letter = letter(key: 7, value: 65_536, headers: [own], error: "why")
        #expect(letter.key?.count == 7 && letter.value?.count == 65_536)
        #expect(
            letter.headers == [
                own, KafkaHeader("error", "why"), KafkaHeader("service", "test"),
                KafkaHeader("source_topic", "prices.raw"), KafkaHeader("source_partition", "2"),
                KafkaHeader("source_offset", "7"),
            ]
        )
    }

    @Test("what is longer than any reader takes is cut, and a header says how long it was")
    func cut() {
        let headers = (0..<40).map { KafkaHeader("h\($0)", [UInt8](repeating: 3, count: 1_000)) }
        let letter = letter(key: 5_000, value: 990_000, headers: headers, error: String(repeating: "e", count: 600_000))
        #expect(letter.key?.count == 4_096 && letter.value?.count == 65_536)
        let texts = Dictionary(letter.headers.map { ($0.name, $0.text) }) { $1 }
        #expect(texts["key_size"] == "5000" && texts["value_size"] == "990000" && texts["headers_dropped"] == "24")
        #expect(texts["error"].map { $0.utf8.count } == 1_024)
        #expect(letter.byteCount < 96_000)
    }

    @Test("of a record as large as a broker takes, the dead letter arrives")
    func atTheBrokersLimit() throws {
        let broker = try TestBroker(topics: ["odd": 1, Topic.deadLetter.rawValue: 1])
        let producer = try KafkaProducer(settings: broker.settings, mode: .idempotent)
        let topic = try producer.topic(broker.name("odd"))
        // librdkafka's message.max.bytes, 1 000 000, less what it puts around a record.
        let value = [UInt8](repeating: UInt8(ascii: "x"), count: 900_000)
        let headers = (0..<90).map { KafkaHeader("h\($0)", [UInt8](repeating: 3, count: 1_000)) }
        try producer.send(to: topic, key: "k", value: value, headers: headers)
        try producer.flush(timeout: .seconds(10))
        let queue = DeadLetterQueue(settings: broker.settings)
        let reader = try KafkaReader(settings: broker.settings)
        let odd = TopicPartition(topic: broker.name("odd"), partition: 0)
        try reader.readToEnd(of: odd, timeout: .seconds(10)) {
            try queue.send(DeadLetter($0, service: "test", error: "too long"))
        }
        try queue.flush()
        let letters = try broker.records(of: broker.name(Topic.deadLetter.rawValue))
        #expect(letters.count == 1)
        let texts = Dictionary(letters[0].headers.map { ($0.name, $0.text) }) { $1 }
        #expect(texts["value_size"] == "900000" && texts["error"] == "too long" && texts["source_offset"] == "0")
        #expect(texts["headers_dropped"] == "74" && letters[0].value?.utf8.count == 65_536)
    }
}
