import Foundation
import Shared
import TestSupport
import Testing

@Suite("JSON of the model, at random", .ownThread)
struct ModelPropertyTests {
    private func written(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter(capacity: 1)
        write(&writer)
        return writer.withUnsafeBytes { Array($0) }
    }

    @Test("reads what it wrote", arguments: 0..<8 as Range<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<400 {
            let tick = random.tick()
            #expect(try PriceTick(json: written(tick.write).span) == tick, "seed \(seed): \(tick)")
            let aggregate = random.aggregate()
            #expect(try PriceAggregate(json: written(aggregate.write).span) == aggregate, "seed \(seed): \(aggregate)")
            let alert = random.alert()
            #expect(try PriceAlert(json: written(alert.write).span) == alert, "seed \(seed): \(alert)")
            let rule = random.rule()
            #expect(try AlertRule(json: written(rule.write).span) == rule, "seed \(seed): \(rule)")
        }
    }

    @Test("writes what JSONDecoder reads", arguments: 0..<8 as Range<UInt64>)
    func foundationReadsIt(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<150 {
            let tick = random.tick()
            let record = written(tick.write)
            let oracle = try #require(TickOracle(record), "seed \(seed): \(record.debugText)")
            #expect(oracle.difference(to: tick) == nil, "seed \(seed): \(record.debugText)")
            for other in [
                written(random.aggregate().write), written(random.alert().write), written(random.rule().write),
            ] {
                let tree = try JSONDecoder().decode(JSONTree.self, from: Data(other))
                #expect(try JSONTree(scanning: other.span) == tree, "seed \(seed): \(other.debugText)")
            }
        }
    }

    @Test(
        "reads ticks of any layout as JSONDecoder does, or rejects them as it does",
        arguments: 0..<8 as Range<UInt64>
    )
    func agreesOnLayouts(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var accepted = 0
        var rejected = 0
        for _ in 0..<500 {
            let record = Array(random.tickRecord().utf8)
            let oracle = TickOracle(record)
            do throws(JSONError) {
                let tick = try PriceTick(json: record.span)
                accepted += 1
                let difference = oracle.map { $0.difference(to: tick) } ?? "rejected"
                #expect(difference == nil, "seed \(seed): \(record.debugText)")
            } catch {
                rejected += 1
                #expect(oracle == nil, "seed \(seed): \(error): \(record.debugText)")
            }
        }
        #expect(accepted > 300 && rejected > 10)
    }

    @Test("accepts and rejects the same damaged ticks as JSONDecoder", arguments: 0..<8 as Range<UInt64>)
    func agreesOnDamage(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var accepted = 0
        for _ in 0..<1_500 {
            var tick = random.tick()
            tick.name = "plain"
            tick.source = "simulator"
            let record = random.mutated(written(tick.write))
            if record.hasNumberBeyondDecimal { continue }
            let oracle = TickOracle(record)
            do throws(JSONError) {
                let tick = try PriceTick(json: record.span)
                accepted += 1
                let difference = oracle.map { $0.difference(to: tick) } ?? "rejected"
                #expect(difference == nil, "seed \(seed): \(record.debugText)")
            } catch {
                #expect((0...record.count).contains(error.position), "seed \(seed): \(record.debugText)")
                if error.kind == .outOfRange || record.hasClosingBracketBehindComma(at: error.position) { continue }
                #expect(oracle == nil, "seed \(seed): \(error): \(record.debugText)")
            }
        }
        #expect(accepted > 100)
    }

    @Test("never traps on random bytes", arguments: 0..<8 as Range<UInt64>)
    func randomBytes(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let tokens = [
            "{", "}", "[", "]", "\"", ":", ",", "\\", "\\u", "\\ud834", "\\udd1e", "null", "true", "false", "-", "0",
            "1",
            ".", "e", "E+", "9999999999999999999", "1e999999999999999999999", "{\"coin_id\":", "{\"price\":",
            ",\"timestamp\":\"2026-11-22T20:35:00", "\"window\":\"9223372036854775807d\"", " ", "\n", "é", "𝄞",
        ].map { Array($0.utf8) }
        var rejected = 0
        for _ in 0..<20_000 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                if random.chance(1, in: 3) {
                    bytes.append(UInt8(truncatingIfNeeded: random.next()))
                } else {
                    bytes += random.pick(tokens)
                }
            }
            rejected += rejections(of: bytes, seed)
        }
        // The smallest tick is longer than that: nothing may have been taken for one.
        #expect(rejected == 20_000 * 4)
    }

    @Test("never traps on a record cut off anywhere")
    func truncation() {
        var random = SplitMix64(seed: 7)
        for _ in 0..<50 {
            let record = written(random.tick().write)
            for count in 0..<record.count {
                #expect(rejections(of: Array(record[..<count]), 7) == 4)
            }
        }
    }

    /// How many of the four readers reject these bytes, each with a position within them.
    private func rejections(of bytes: [UInt8], _ seed: UInt64) -> Int {
        var count = 0
        func attempt(_ read: () throws(JSONError) -> Void) {
            do throws(JSONError) {
                try read()
            } catch {
                count += 1
                if !(0...bytes.count).contains(error.position) {
                    Issue.record("seed \(seed): \(error) in \(bytes.debugText)")
                }
            }
        }
        attempt { () throws(JSONError) in _ = try PriceTick(json: bytes.span) }
        attempt { () throws(JSONError) in _ = try PriceAggregate(json: bytes.span) }
        attempt { () throws(JSONError) in _ = try PriceAlert(json: bytes.span) }
        attempt { () throws(JSONError) in _ = try AlertRule(json: bytes.span) }
        return count
    }
}
