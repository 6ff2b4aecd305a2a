import Foundation
import Shared
import TestSupport
import Testing

@testable import Persister

/// What only a real broker shows; the mock accepts transactions and isolates nothing.
@Suite(
    "Dead letters put back by processes that are killed, and by two at once",
    .ownThread,
    .enabled(if: TestBroker.realBootstrapServers != nil, "KAFKA_BOOTSTRAP_SERVERS names no real broker")
)
struct RequeueCrashTests {
    @Test("Killed at any moment, and two at once: each dead letter is answered once")
    func kills() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        let stage = try DeadLetterStage()
        let count = 20_000
        for number in 0..<count { try stage.tick(number) }
        try stage.flush()
        let services = { (offset: Int64) in offset % 3 == 0 ? ["aggregator", "persister", "persister"] : ["cacher"] }
        try stage.refuse(by: services)
        let arguments = ["dead-letters", "requeue", "--all"]
        var kills = 0
        // Of a run with some 40 transactions only the first few are over when it is killed.
        for _ in 0..<16 {
            let first = try ServiceProcess("persister", arguments, environment: stage.environment)
            var all = [first]
            if Bool.random(using: &random) {
                usleep(.random(in: 0..<400_000, using: &random))
                all.append(try ServiceProcess("persister", arguments, environment: stage.environment))
            }
            usleep(.random(in: 200_000..<700_000, using: &random))
            for process in all where process.isRunning && Int.random(in: 0..<4, using: &random) > 0 {
                process.kill()
                kills += 1
            }
            for process in all { _ = try process.waitForExit() }
        }
        #expect(kills > 0, "seed \(seed)")
        let last = try ServiceProcess.run("persister", arguments, environment: stage.environment)
        #expect(last.code == 0, "seed \(seed): \(last.output)")
        let end = try ServiceProcess.run("persister", arguments, environment: stage.environment)
        #expect(end.output.hasPrefix("0 dead letters, as 0 records, put back\n"), "seed \(seed): \(end.output)")

        var answered: [String: [String]] = [:]
        var expected: [String: [String]] = [:]
        for tick in try stage.ticks() {
            let value = try #require(tick.value)
            answered[value, default: []] += tick.requeuedFor
            if tick.requeuedFor.isEmpty { expected[value] = Set(services(tick.offset)).sorted() }
        }
        #expect(expected.count == count)
        let wrong = expected.filter { answered[$0.key]?.sorted() != $0.value }
        #expect(wrong.isEmpty, "seed \(seed), after \(kills) kills: \(wrong.prefix(3))")
    }

    @Test("Where the end of a transaction went unanswered no other one begins: it would fence a successor")
    func lostTrack() throws {
        let stage = try DeadLetterStage()
        let proxy = try KafkaProxy(before: stage.broker.settings.bootstrapServers)
        var behind = stage.broker.settings
        behind.bootstrapServers = proxy.bootstrapServers
        func records(_ offset: Int64) throws -> [RequeueBatch.Record] {
            let place = TopicPartition(topic: behind.name(.raw), partition: 0)
            let letter = Letters.letter(of: offset, in: place)
            var batch = RequeueBatch()
            batch.add(letter, try #require(letter.refusal))
            return batch.records
        }
        let writer = try RequeueWriter(kafka: behind, stop: StopSignal())
        proxy.holdNextEndTxn()
        try writer.write(records(1), partition: 0)
        #expect(proxy.isHolding)
        let successor = try RequeueWriter(kafka: stage.broker.settings, stop: StopSignal())
        #expect(throws: RequeueWriter.LostTrack.self) { try writer.write(records(2), partition: 0) }
        _ = try proxy.release()
        try successor.write(records(2), partition: 0)
        #expect(try stage.ticks().count == 2)
        #expect(try stage.marks() == 2)
    }
}
