import Shared
import TestSupport
import Testing

@testable import Persister

@Suite("Records in a batch")
struct BatchTests {
    private let rules = RecordRules(latest: EventTime(microseconds: Ticks.start))

    private func time(_ seconds: Int64) -> EventTime {
        EventTime(microseconds: Ticks.start + seconds * 1_000_000)
    }

    @Test("A tick from the future is a dead letter that says so, and moves neither watermark nor coin")
    func futureTick() {
        var future = Ticks.tick(1)
        future.timestamp = time(3600)
        let batch = Ticks.batch([Ticks.tick(0), future].map { Ticks.json($0) }, rules: rules)
        #expect(batch.rowCount == 1)
        #expect(batch.watermark == time(0))
        #expect(batch.coins.map(\.coinID) == ["coin-0"])
        #expect(batch.unusable.map(\.offset) == [1])
        #expect(batch.unusable[0].error.contains("3600 s beyond what PERSISTER_MAX_FUTURE allows"))
    }

    @Test("It knows when its oldest tick was received: by ingested_at, not by event time")
    func oldestIngested() {
        var ticks = (0...2).map { Ticks.tick($0) }
        for (index, seconds) in [5, 3, 4].enumerated() { ticks[index].ingestedAt = time(Int64(seconds)) }
        #expect(Ticks.batch(ticks.map { Ticks.json($0) }).oldestIngested == time(3))
        #expect(Ticks.batch([]).oldestIngested == nil)
    }

    @Test("So is a window that begins there, and an alert; a window that only ends there is a row")
    func futureWindow() {
        let windows = [0, 1].map { Ticks.json(Ticks.window(minute: $0, close: 3, revision: 0)) }
        let batch = Ticks.batch(windows, into: .aggregates1m, rules: rules)
        #expect(batch.rowCount == 1)
        #expect(batch.unusable.map(\.offset) == [1])
    }

    @Test("A window that contradicts itself is a dead letter")
    func oddWindow() {
        var window = Ticks.window(minute: 0, close: 3, revision: 0)
        window.low = Price(units: window.high.units + 1)
        let batch = Ticks.batch([Ticks.json(window)], into: .aggregates1m)
        #expect(batch.rowCount == 0)
        #expect(batch.unusable.count == 1)
    }

    @Test("What was put back says so when it dies again, and dies here only if it was put back for the Persister")
    func requeued() throws {
        let error = PostgresError(sqlState: SQLState("23514"), message: "odd")
        for (services, isOurs) in [(["persister", "cacher"], true), (["cacher"], false), (nil, true)] {
            let requeued = services.map { Requeued(from: "d[0]@1", services: $0, count: 2) }
            let headers = requeued?.headers(before: [KafkaHeader("own", "1")]) ?? [KafkaHeader("own", "1")]
            var batch = Batch(
                source: TopicPartition(topic: "t", partition: 0),
                table: .rawPriceData,
                firstOffset: 0
            )
            for (offset, value) in [Ticks.json(Ticks.tick(0)), Array("not JSON".utf8)].enumerated() {
                value.withUnsafeBufferPointer {
                    batch.append(
                        offset: Int64(offset),
                        key: nil,
                        value: $0,
                        headers: headers,
                        requeuedFor: services,
                        rules: RecordRules(latest: .latest),
                        directory: CoinDirectory()
                    )
                }
            }
            #expect(batch.rowCount == 1 && batch.nextOffset == 2)
            #expect(batch.unusable.map(\.receivedHeaders) == (isOurs ? [headers] : []), "\(services ?? [])")
            let refused = batch.deadLetter(row: 0, error: error)
            #expect((refused != nil) == isOurs, "\(services ?? [])")
            #expect(refused.map(\.receivedHeaders) == (isOurs ? services == nil ? [] : headers : nil))
        }
    }

    @Test("A tick whose key is not its coin, or whose partition is not the key's, is a dead letter")
    func place() {
        let value = Ticks.json(Ticks.tick(1))
        let key = Array("coin-1".utf8)
        let home = key.withUnsafeBufferPointer { Partitioner.partition(of: $0, among: 12) }
        func batch(key: String?, partition: Int32) -> Batch {
            var batch = Batch(
                source: TopicPartition(topic: "t", partition: partition),
                table: .rawPriceData,
                firstOffset: 0
            )
            let key = key.map { Array($0.utf8) }
            value.withUnsafeBufferPointer { value in
                func append(_ key: UnsafeBufferPointer<UInt8>?) {
                    let rules = RecordRules(latest: time(3600), partitionCount: 12)
                    batch.append(offset: 0, key: key, value: value, rules: rules, directory: CoinDirectory())
                }
                if let key { key.withUnsafeBufferPointer { append($0) } } else { append(nil) }
            }
            return batch
        }
        #expect(batch(key: "coin-1", partition: home).rowCount == 1)
        #expect(batch(key: "coin-1", partition: (home + 1) % 12).unusable.first?.error.contains("partition") == true)
        #expect(batch(key: "coin-2", partition: home).unusable.first?.error.contains("key") == true)
        #expect(batch(key: nil, partition: home).unusable.first?.error.contains("no key") == true)
    }

    @Test("What cannot be decoded counts, in records and in bytes")
    func size() {
        let garbage = [UInt8](repeating: 0x61, count: 10_000)
        let batch = Ticks.batch(Array(repeating: garbage, count: 50))
        #expect(batch.rowCount == 0)
        #expect(batch.recordCount == 50)
        #expect(batch.byteCount >= 500_000)
    }

    @Test("Its parts touch a bounded number of days, and cover it without gap or overlap")
    func parts() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix64(seed: seed)
        // Up to 200 days in any order, with records between that are no rows.
        let values = (0..<2000).map { number -> [UInt8] in
            if Int.random(in: 0..<10, using: &random) == 0 { return [] }
            var tick = Ticks.tick(number)
            let day = Int64.random(in: 0..<Int64(1 + number / 10), using: &random)
            tick.timestamp = EventTime(microseconds: Ticks.start - day * 86_400_000_000)
            return Ticks.json(tick)
        }
        let batch = Ticks.batch(values, from: 7)
        let parts = batch.parts
        #expect(parts.count > 10)
        #expect(parts.first?.offsets.lowerBound == 7)
        #expect(parts.last?.offsets.upperBound == 2007)
        for (left, right) in zip(parts, parts.dropFirst()) {
            #expect(left.offsets.upperBound == right.offsets.lowerBound, "seed \(seed)")
            #expect(left.rows.upperBound == right.rows.lowerBound, "seed \(seed)")
        }
        #expect(parts.last?.rows.upperBound == batch.rowCount)
        for part in parts {
            let ticks = part.offsets.compactMap { offset -> Int64? in
                let value = values[Int(offset) - 7]
                return (try? PriceTick(json: value.span)).map { $0.timestamp.microseconds / 86_400_000_000 }
            }
            #expect(ticks.count == part.rows.count, "seed \(seed)")
            #expect(Set(ticks).count <= DayLimit.maximum, "seed \(seed)")
        }
    }

    @Test("Halves of a part cover it; one row has none")
    func halves() throws {
        let batch = Ticks.batch([Ticks.json(Ticks.tick(0)), [], Ticks.json(Ticks.tick(1)), Ticks.json(Ticks.tick(2))])
        let halves = try #require(batch.halves(of: batch.whole))
        #expect(halves == [BatchPart(rows: 0..<1, offsets: 0..<2), BatchPart(rows: 1..<3, offsets: 2..<4)])
        #expect(batch.halves(of: halves[0]) == nil)
        #expect(batch.halves(of: halves[1])?.map(\.offsets) == [2..<3, 3..<4])
    }

    @Test("A batch of ordinary ticks is one part")
    func onePart() {
        let batch = Ticks.batch((0..<1000).map { Ticks.json(Ticks.tick($0)) })
        #expect(batch.parts == [batch.whole])
        #expect(Ticks.batch([]).parts == [Ticks.batch([]).whole])
    }
}
