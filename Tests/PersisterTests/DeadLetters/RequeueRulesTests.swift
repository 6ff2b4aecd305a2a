import Shared
import TestSupport
import Testing

@testable import Persister

@Suite("What is put back, and what was")
struct RequeueRulesTests {
    private func rules(prefix: String = "", takesRules: Bool = false) -> RequeueRules {
        RequeueRules(prefix: prefix, takesRules: takesRules)
    }

    private func place(_ topic: String) -> TopicPartition {
        TopicPartition(topic: topic, partition: 0)
    }

    @Test("Only what a service reads goes back, whole, and a rule only by its place")
    func decisions() {
        let none = PutBack()
        for topic in ["prices.raw", "prices.aggregates.1m", "prices.aggregates.sliding", "prices.alerts"] {
            #expect(rules().decide(Letters.letter(in: place(topic)), none) == .putBack, "\(topic)")
        }
        for topic in ["aggregator.state", "ingestor.state", "prices.late", "prices.dead-letter", "x.prices.raw", "a"] {
            #expect(rules().decide(Letters.letter(in: place(topic)), none) == .refused(.topicIsNotRead), "\(topic)")
        }
        #expect(rules(prefix: "x.").decide(Letters.letter(in: place("x.prices.raw")), none) == .putBack)
        #expect(rules().decide(Letters.stored([]), none) == .refused(.isNoDeadLetter))
        let long = Letters.letter(value: [UInt8](repeating: 1, count: 65_537))
        #expect(rules().decide(long, none) == .refused(.isCut))
        let rule = Letters.letter(in: place("alerts.rules"))
        #expect(rules().decide(rule, none) == .refused(.isRule))
        #expect(rules(takesRules: true).decide(rule, none) == .putBack)
    }

    @Test("A mark counts for every dead letter that its services wrote about its record, and for no other")
    func marks() throws {
        var putBack = PutBack()
        try putBack.add(RequeueMark(source: Letters.raw, offset: 7, services: ["persister", "cacher"]))
        #expect(rules().decide(Letters.letter(at: 1, of: 7), putBack) == .isPutBack)
        #expect(rules().decide(Letters.letter(at: 2, of: 7), putBack) == .isPutBack, "it came twice")
        #expect(rules().decide(Letters.letter(of: 7, service: "cacher"), putBack) == .isPutBack)
        #expect(rules().decide(Letters.letter(of: 7, service: "aggregator"), putBack) == .putBack)
        #expect(rules().decide(Letters.letter(of: 8), putBack) == .putBack)
        #expect(rules().decide(Letters.letter(of: 7, in: place("prices.raw")), putBack) == .putBack, "partition 0")
    }

    @Test("Marks beyond what is kept in mind are an error, not a record that goes back twice")
    func bound() throws {
        var putBack = PutBack(limit: 2 + PutBack.runsPerSource)
        for offset: Int64 in [1, 2, 3, 5] {
            try putBack.add(RequeueMark(source: Letters.raw, offset: offset, services: ["cacher"]))
        }
        #expect(throws: PutBack.TooMany.self) {
            try putBack.add(RequeueMark(source: Letters.raw, offset: 9, services: ["cacher"]))
        }
        var others = PutBack(limit: 2 * PutBack.runsPerSource)
        try others.add(RequeueMark(source: Letters.raw, offset: 1, services: ["cacher"]))
        #expect(throws: PutBack.TooMany.self) {
            try others.add(RequeueMark(source: Letters.raw, offset: 1, services: ["a", "b"]))
        }
    }

    @Test("Runs of offsets hold what a set holds, in as many runs as it has gaps")
    func runs() {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        for _ in 0..<200 {
            var (runs, expected) = (OffsetRuns(), Set<Int64>())
            for _ in 0..<Int.random(in: 0...60, using: &random) {
                let offset = Int64.random(in: 0...40, using: &random)
                runs.insert(offset)
                expected.insert(offset)
            }
            for offset: Int64 in -1...42 { #expect(runs.contains(offset) == expected.contains(offset), "seed \(seed)") }
            let starts = expected.filter { !expected.contains($0 - 1) }
            #expect(runs.runs.map(\.lowerBound) == starts.sorted(), "seed \(seed)")
        }
    }

    @Test("A record goes back once for all its dead letters in hand, for the services that wrote them")
    func batch() throws {
        var batch = RequeueBatch()
        func add(_ letter: StoredDeadLetter) throws -> Bool {
            let refusal = try #require(letter.refusal)
            if batch.join(letter, refusal) { return false }
            batch.add(letter, refusal)
            return true
        }
        let schema = KafkaHeader("schema", "price-tick/1")
        #expect(try add(Letters.letter(at: 3, of: 7, service: "persister")))
        #expect(try !add(Letters.letter(at: 4, of: 7, service: "cacher", headers: [schema])))
        #expect(try !add(Letters.letter(at: 5, of: 7, service: "persister")))
        #expect(try add(Letters.letter(at: 6, of: 8, service: "cacher", key: nil)))
        #expect(batch.records.map(\.letters) == [3, 1])
        let first = batch.records[0]
        #expect(first.mark == RequeueMark(source: Letters.raw, offset: 7, services: ["persister", "cacher"]))
        #expect(
            first.headers(from: "prices.dead-letter") == [
                KafkaHeader("requeued_for", "persister,cacher"),
                KafkaHeader("requeued_from", "prices.dead-letter[0]@4"), KafkaHeader("requeued_count", "1"), schema,
            ],
            "the one that kept its headers"
        )
        #expect(first.partition == nil && batch.records[1].partition == 1)
        batch.removeAll()
        #expect(batch.records.isEmpty && batch.byteCount == 0)
        #expect(try add(Letters.letter(of: 7)))
    }

    @Test("A record that dies again says how often it was put back, and goes on counting")
    func again() throws {
        var headers = [KafkaHeader("own", "1")]
        for count in 1...3 {
            let letter = Letters.letter(at: Int64(count), headers: headers)
            #expect(letter.requeued?.count == (count == 1 ? nil : count - 1))
            var batch = RequeueBatch()
            batch.add(letter, try #require(letter.refusal))
            headers = batch.records[0].headers(from: "d")
            #expect(headers.map(\.name) == ["requeued_for", "requeued_from", "requeued_count", "own"])
            #expect(headers[1].text == "d[0]@\(count)" && headers[2].text == "\(count)")
        }
    }

    @Test("A batch is full by its records or by its bytes")
    func full() throws {
        var batch = RequeueBatch()
        for offset in 0..<Int64(RequeueBatch.maximumRecords) {
            #expect(!batch.isFull)
            let letter = Letters.letter(of: offset)
            batch.add(letter, try #require(letter.refusal))
        }
        #expect(batch.isFull)
        batch.removeAll()
        for offset: Int64 in 0..<65 {
            let letter = Letters.letter(of: offset, value: [UInt8](repeating: 1, count: 65_536))
            batch.add(letter, try #require(letter.refusal))
        }
        #expect(batch.isFull)
    }
}
