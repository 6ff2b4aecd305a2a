import Foundation
import Shared
import TestSupport
import Testing

@testable import Ingestor

/// A replay as a process that is started again.
@Suite("Replay process", .ownThread, .timeLimit(.minutes(10)))
struct ReplayProcessTests {
    private func environment(_ broker: TestBroker, _ path: String, _ more: [String: String] = [:]) -> [String: String] {
        [
            "KAFKA_BOOTSTRAP_SERVERS": broker.settings.bootstrapServers,
            "KAFKA_TOPIC_PREFIX": broker.settings.topicPrefix, "KAFKA_FETCH_WAIT_MAX_MS": "10",
            "INGESTOR_SOURCE": "replay", "INGESTOR_REPLAY_FILE": path, "INGESTOR_REPLAY_SPEED": "max",
        ].merging(more) { $1 }
    }

    private func file(_ ticks: Int, named name: String = "ticks.csv") throws -> String {
        let text =
            "timestamp,coin_id,price\n"
            + (0..<ticks).map { "\(1_700_000_000_000 + $0),c\($0 % 50),\($0 + 1)\n" }.joined()
        let bytes = Array(text.utf8)
        switch name.split(separator: ".").last {
        case "gz": return try TemporaryFile.keep(Compressed.gzip(bytes), named: name)
        case "zst": return try TemporaryFile.keep(Compressed.zstd(bytes), named: name)
        default: return try TemporaryFile.keep(bytes, named: name)
        }
    }

    /// The prices in the topic, and whether those of each partition rise, as they do in the file.
    private func sent(_ broker: TestBroker) throws -> (prices: [Int], isInOrder: Bool) {
        var newest: [Int32: Int] = [:]
        var isInOrder = true
        let prices = try broker.records(of: broker.name("prices.raw")).map { record in
            let value = Array(try #require(record.value).utf8)
            let price = try #require(Int(PriceTick(json: value.span).price.description))
            if price < newest[record.partition] ?? 0 { isInOrder = false }
            newest[record.partition] = price
            return price
        }
        return (prices, isInOrder)
    }

    @Test("a file that is in the topic is not sent again, whatever it is called; from the beginning it is")
    func again() throws {
        let broker = try TestBroker(topics: ["prices.raw": 3, "ingestor.state": 3])
        let path = try file(100)
        let other = try file(100, named: "other-name.csv")
        defer { [path, other].forEach(TemporaryFile.remove) }
        for (path, more, count) in [
            (path, [:], 100), (path, [:], 100), (other, [:], 100),
            (path, ["INGESTOR_REPLAY_FROM": "beginning"], 200), (path, [:], 200),
            (path, ["INGESTOR_REPLAY_CURRENCY": "eur"], 300),
        ] as [(String, [String: String], Int)] {
            let (code, output) = try ServiceProcess.run("ingestor", environment: environment(broker, path, more))
            #expect(code == 0, "\(output)")
            #expect(try sent(broker).prices.count == count, "\(output)")
        }
    }

    @Test("a replay at its pace that is stopped goes on at the next tick")
    func paced() throws {
        let broker = try TestBroker(topics: ["prices.raw": 3, "ingestor.state": 3])
        let path = try file(1_500)
        defer { TemporaryFile.remove(path) }
        let environment = environment(broker, path, ["INGESTOR_REPLAY_SPEED": "0.5x"])
        let first = try ServiceProcess("ingestor", environment: environment)
        try first.wait("some ticks") {
            try first.metric("tickline_ingestor_ticks_acknowledged_total") > 100 ? true : nil
        }
        #expect(first.terminate() == 0, "\(first.log)")
        #expect(first.log.contains("start it again to resume"), "\(first.log)")
        let count = try sent(broker).prices.count
        #expect(count > 100 && count < 1_500)
        let second = try ServiceProcess.run("ingestor", environment: environment)
        #expect(second.code == 0 && second.output.contains("resuming after line"), "\(second.output)")
        #expect(try sent(broker).prices.sorted() == Array(1...1_500))
    }

    @Test(
        "a replay waits for Kafka that is away, and goes on",
        .enabled(if: TestBroker.realBootstrapServers == nil, "a real broker can't be taken away")
    )
    func away() throws {
        let broker = try TestBroker(topics: ["prices.raw": 3, "ingestor.state": 3], canGoAway: true)
        let path = try file(3_000)
        defer { TemporaryFile.remove(path) }
        let process = try ServiceProcess(
            "ingestor",
            environment: environment(broker, path, ["INGESTOR_REPLAY_SPEED": "0.5x"])
        )
        try process.wait("some ticks") {
            try process.metric("tickline_ingestor_ticks_acknowledged_total") > 100 ? true : nil
        }
        broker.setReachable(false)
        StopSignal().sleep(for: .seconds(3))
        broker.setReachable(true)
        #expect(try process.waitForExit(within: 120) == 0, "\(process.log)")
        // The mock shows what was aborted too.
        #expect(Set(try sent(broker).prices) == Set(1...3_000))
    }

    @Test(
        "kill -9 at 30 random moments of a file: complete, nothing twice, in order",
        .enabled(if: TestBroker.realBootstrapServers != nil, "the mock does not isolate transactions"),
        arguments: ["ticks.csv", "ticks.csv.gz", "ticks.csv.zst"]
    )
    func kills(name: String) throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = TestSupport.SplitMix64(seed: seed)
        let broker = try TestBroker(topics: ["prices.raw": 3, "ingestor.state": 3])
        let count = 600_000
        let path = try file(count, named: name)
        defer { TemporaryFile.remove(path) }
        // At 60 times its pace it takes 10 s, at its own 10 minutes.
        let environment = environment(broker, path, ["INGESTOR_REPLAY_SPEED": "60x"])
        var killed = 0
        for _ in 0..<30 {
            let process = try ServiceProcess("ingestor", environment: environment)
            StopSignal().sleep(for: .milliseconds(Int.random(in: 100...1_500, using: &random)))
            if process.isRunning { killed += 1 }
            process.kill()
        }
        let last = try ServiceProcess.run("ingestor", environment: environment, within: 300)
        #expect(last.code == 0, "seed \(seed): \(last.output)")
        let (prices, isInOrder) = try sent(broker)
        #expect(prices.count == count, "seed \(seed)")
        #expect(Set(prices).count == count, "seed \(seed)")
        #expect(isInOrder, "seed \(seed)")
        print("seed \(seed): \(killed) of 30 killed at work; \(last.output.contains("resuming after"))")
    }

    @Test(
        "a tick that is too large for the topic ends the replay with an error that says so",
        .enabled(if: TestBroker.realBootstrapServers != nil, "the mock takes every size")
    )
    func tooLarge() throws {
        let broker = try TestBroker(
            topics: ["prices.raw": 3, "ingestor.state": 3],
            configuration: ["max.message.bytes": "400"]
        )
        // Letters at random, which lz4 doesn't make shorter.
        let name = (0..<1_000).map { _ in String(UInt8.random(in: 0...35), radix: 36) }.joined()
        let path = try TemporaryFile.keep("timestamp,coin_id,price,name\n1,a,1,\n2,b,1,\(name)\n3,c,1,\n")
        defer { TemporaryFile.remove(path) }
        let (code, output) = try ServiceProcess.run("ingestor", environment: environment(broker, path))
        #expect(code == 1, "\(output)")
        #expect(output.contains("MSG_SIZE_TOO_LARGE"), "\(output)")
        #expect(try sent(broker).prices.isEmpty)
    }

    @Test(
        "of two processes that replay the same file the later one goes on, and the other ends",
        .enabled(if: TestBroker.realBootstrapServers != nil, "the mock does not fence")
    )
    func fenced() throws {
        let broker = try TestBroker(topics: ["prices.raw": 3, "ingestor.state": 3])
        let path = try file(20_000)
        defer { TemporaryFile.remove(path) }
        let environment = environment(broker, path, ["INGESTOR_REPLAY_SPEED": "2x"])
        let first = try ServiceProcess("ingestor", environment: environment)
        try first.wait("some ticks") {
            try first.metric("tickline_ingestor_ticks_acknowledged_total") > 100 ? true : nil
        }
        let second = try ServiceProcess.run("ingestor", environment: environment)
        #expect(second.code == 0, "\(second.output)")
        #expect(try first.waitForExit() == 1)
        #expect(first.log.contains("another process replays the same file"), "\(first.log)")
        #expect(try sent(broker).prices.sorted() == Array(1...20_000))
    }
}
