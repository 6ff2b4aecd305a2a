import Shared
import TestSupport
import Testing

@Suite("Records put back, and the marks of it", .ownThread)
struct RequeuedTests {
    private func record<Answer>(
        key: [UInt8]? = nil,
        value: [UInt8]? = nil,
        _ headers: [KafkaHeader],
        _ body: (KafkaRecord) -> Answer
    ) -> Answer {
        KafkaRecord.make(
            in: TopicPartition(topic: "t", partition: 0),
            offset: 0,
            key: key,
            value: value,
            headers: headers,
            body
        )
    }

    @Test("A record says from where it was put back, for whom and how often, before what it came with")
    func headers() throws {
        let first = Requeued(from: "d[0]@1", services: ["persister", "cacher"], count: 1)
        let own = [KafkaHeader("a", "1"), KafkaHeader("a", "2")]
        let headers = first.headers(before: own)
        #expect(headers.map(\.name) == ["requeued_for", "requeued_from", "requeued_count", "a", "a"])
        #expect(Requeued(headers) == first)
        let second = Requeued(from: "d[0]@9", services: ["cacher"], count: 2)
        #expect(second.headers(before: headers).count == 5 && Requeued(second.headers(before: headers)) == second)
        #expect(Requeued(own) == nil && Requeued(headers.filter { $0.name != "requeued_count" }) == nil)
        for service in ["persister", "cacher"] { #expect(record(headers) { $0.isMeant(for: service) }) }
        #expect(!record(headers) { $0.isMeant(for: "aggregator") })
        #expect(record(own) { $0.isMeant(for: "aggregator") && $0.requeuedFor == nil })
    }

    @Test("A mark is read as it was written; a dead letter, a tombstone or anything else is none")
    func marks() throws {
        let source = TopicPartition(topic: "prices.raw", partition: 2)
        let mark = RequeueMark(source: source, offset: 7, services: ["persister", "cacher"])
        #expect(record(mark.headers) { RequeueMark($0) } == mark)
        #expect(record(value: [], mark.headers) { RequeueMark($0) } == nil)
        #expect(record(key: [], mark.headers) { RequeueMark($0) } == nil)
        #expect(record([]) { RequeueMark($0) } == nil)
        #expect(record(Array(mark.headers.dropLast())) { RequeueMark($0) } == nil)
        // The dead letter of a record with neither key nor value that came with the headers of a mark.
        let letter = record(mark.headers) { DeadLetter($0, service: "cacher", error: "why") }
        #expect(record(letter.headers) { RequeueMark($0) } == nil)
    }

    @Test("A header that a broker brings is found by its name, the last of several")
    func fromBroker() throws {
        let broker = try TestBroker(topics: ["a": 1])
        let producer = try KafkaProducer(settings: broker.settings, mode: .idempotent)
        let topic = try producer.topic(broker.name("a"), schema: "x/1")
        let headers = [KafkaHeader("a", "1"), KafkaHeader("b", []), KafkaHeader("a", "2")]
        try producer.send(to: topic, key: "k", value: [1], headers: headers)
        try producer.send(to: producer.topic(broker.name("a")), key: "k", value: [2])
        try producer.flush(timeout: .seconds(20))
        var found: [[[UInt8]?]] = []
        let reader = try KafkaReader(settings: broker.settings)
        let place = TopicPartition(topic: broker.name("a"), partition: 0)
        try reader.readToEnd(of: place, timeout: .seconds(20)) { record in
            found.append(["a", "b", "c", "schema"].map { record.header($0) })
        }
        #expect(found == [[Array("2".utf8), [], nil, Array("x/1".utf8)], [nil, nil, nil, nil]])
    }

    @Test("A part of a partition is read from its start to, without, its end, and no further")
    func range() throws {
        let broker = try TestBroker(topics: ["a": 1])
        let place = TopicPartition(topic: broker.name("a"), partition: 0)
        let producer = try KafkaProducer(settings: broker.settings, mode: .idempotent)
        for number: UInt8 in 0..<10 {
            try producer.send(to: producer.topic(place.topic), key: "k", value: [number])
        }
        try producer.flush(timeout: .seconds(20))
        let reader = try KafkaReader(settings: broker.settings)
        for range: Range<Int64> in [0..<10, 3..<7, 9..<10, 4..<4, 0..<1] {
            var seen: [Int64] = []
            try reader.read(place, range, patience: .seconds(20)) { seen.append($0.offset) }
            #expect(seen == Array(range))
        }
        let error = #expect(throws: KafkaError.self) {
            try reader.read(place, 8..<12, patience: .milliseconds(300)) { _ in }
        }
        #expect(error?.isTimeout == true)
    }
}
