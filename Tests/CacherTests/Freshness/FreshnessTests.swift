import Shared
import Testing

@testable import Cacher

@Suite("Freshness")
struct FreshnessTests {
    private let topics: [String: Topic] = ["s1.prices.raw": .raw, "s1.prices.late": .late]
    private let raw0 = TopicPartition(topic: "s1.prices.raw", partition: 0)
    private let raw1 = TopicPartition(topic: "s1.prices.raw", partition: 1)
    private let late0 = TopicPartition(topic: "s1.prices.late", partition: 0)

    private func read(_ place: TopicPartition, _ offset: Int64, into freshness: inout Freshness) {
        KafkaRecord.make(in: place, offset: offset, key: nil, value: nil) { freshness.read($0, nil) }
    }

    private func counts(_ freshness: Freshness) -> [String: Int64] {
        freshness.due(at: EventTime(milliseconds: 0)).mapValues(\.records)
    }

    @Test("Partitions are counted apart, under the topics' names without the prefix")
    func apart() {
        var freshness = Freshness(topics: topics)
        freshness.assign([raw1, late0, raw0])
        #expect(freshness.unrestored.sorted() == ["prices.late:0", "prices.raw:0", "prices.raw:1"])
        read(raw0, 0, into: &freshness)
        read(late0, 0, into: &freshness)
        let stored = FreshnessEntry(offset: 5, records: 5, writtenAt: EventTime(milliseconds: 0))
        freshness.restore(["prices.raw:1": stored], positions: [raw0: 1, raw1: 5, late0: 1])
        #expect(freshness.unrestored.isEmpty)
        for offset in Int64(5)..<8 { read(raw1, offset, into: &freshness) }
        read(late0, 1, into: &freshness)
        read(raw1, 8, into: &freshness)
        read(TopicPartition(topic: "s1.prices.raw", partition: 2), 0, into: &freshness)
        read(TopicPartition(topic: "prices.raw", partition: 0), 7, into: &freshness)
        freshness.mark()
        freshness.acknowledge()
        #expect(counts(freshness) == ["prices.raw:0": 1, "prices.raw:1": 9, "prices.late:0": 2])
        let entries = freshness.due(at: EventTime(milliseconds: 0))
        freshness.wrote(entries.filter { $0.key != "prices.late:0" })
        #expect(counts(freshness) == ["prices.late:0": 2])
    }

    @Test("Another assignment begins anew, and without one there is nothing to say")
    func assignments() {
        var freshness = Freshness(topics: topics)
        read(raw0, 0, into: &freshness)
        freshness.assign([raw0, raw1])
        read(raw1, 0, into: &freshness)
        freshness.restore([:], positions: [raw0: 0, raw1: 1])
        freshness.assign([raw0])
        #expect(freshness.unrestored == ["prices.raw:0"])
        #expect(counts(freshness).isEmpty)
        freshness.assign([])
        read(raw0, 0, into: &freshness)
        freshness.mark()
        freshness.acknowledge()
        freshness.measure(raw0, lag: 1, end: 2)
        #expect(freshness.unrestored.isEmpty && counts(freshness).isEmpty)
    }
}
