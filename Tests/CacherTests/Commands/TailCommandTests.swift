import Foundation
import Glibc
import Shared
import TestSupport
import Testing

@testable import Cacher

@Suite("cacher tail, as a process beside a running stack", .ownThread)
struct TailCommandTests {
    private let redis: RedisServer

    init() throws {
        redis = try RedisServer()
    }

    private func tail(_ arguments: String...) throws -> ServiceProcess {
        try ServiceProcess(
            "cacher",
            ["tail"] + arguments,
            environment: ["REDIS_URL": redis.url, "CACHER_KEY_PREFIX": "t:"]
        )
    }

    private func lines(_ process: ServiceProcess) -> [String] {
        process.log.split(separator: "\n").map(String.init).filter { $0.hasPrefix("{") }
    }

    @Test("what the Cacher publishes comes as it was published, also after Redis was away, and Ctrl-C ends it with 0")
    func follows() async throws {
        let broker = try TestBroker()
        let producer = try KafkaProducer(settings: broker.settings, mode: .idempotent)
        let raw = try producer.topic(broker.name(Topic.raw.rawValue))
        func send(_ coin: String, _ seconds: Int64) throws {
            let tick = CacheFixture.tick(coin, seconds: seconds, price: 4)
            try producer.send(to: raw, key: coin, value: Array(CacheFixture.json(tick).utf8))
            try producer.flush(timeout: .seconds(20))
        }
        try send("bitcoin", 1)
        let cacher = try RunningCacher(broker, redis, environment: ["CACHER_KEY_PREFIX": "t:"])
        try await eventually("the first is there") { try redis.cli("EXISTS", "t:price:bitcoin:usd") == "1" }
        let (all, one) = (try tail("--json"), try tail("bitcoin"))
        for process in [all, one] { try process.waitForLine(containing: "listening to \("redis://127.0.0.1")") }
        try send("ethereum", 2)
        try send("bitcoin", 2)
        let first = try all.waitForLine(containing: #""channel":"t:prices:bitcoin:usd""#)
        let expected = CacheFixture.json(CacheFixture.tick("bitcoin", seconds: 2, price: 4))
        #expect(first == #"{"channel":"t:prices:bitcoin:usd","message":\#(expected)}"#)
        try all.waitForLine(containing: "t:prices:ethereum:usd")
        try one.waitForLine(containing: "1970-01-01T00:00:02.000Z  bitcoin/usd  4")

        redis.stop()
        for process in [all, one] { try process.waitForLine(containing: "not listening, again in") }
        try redis.start()
        for process in [all, one] { try process.waitForLine(containing: "listening again") }
        try send("bitcoin", 3)
        try one.waitForLine(containing: "1970-01-01T00:00:03.000Z  bitcoin/usd  4")
        try all.wait("the tick after the outage") { lines(all).contains { $0.contains("00:00:03") } ? true : nil }
        #expect(!one.log.contains("ethereum"))
        all.signal(SIGINT)
        #expect(try all.waitForExit() == 0)
        #expect(one.terminate() == 0)
        try await cacher.finish()
    }

    @Test("a coin that isn't there yet is said, with those near, and followed all the same")
    func unknown() throws {
        try redis.cli("ZADD", "t:coins:usd", "1", "bitcoin")
        try redis.cli("HSET", "t:price:bitcoin:usd", "symbol", "btc")
        let process = try tail("bitcon", "a:b*")
        try process.waitForLine(containing: "no coin bitcon in redis://127.0.0.1")
        try process.waitForLine(containing: "did you mean bitcoin (btc)?")
        try process.waitForLine(containing: "listening to")
        for channel in ["t:prices:bitcoin:usd", "t:prices:aXb:usd", "prices:bitcon:usd", "t:prices:a%3Ab:usd"] {
            try redis.cli("PUBLISH", channel, "wrong")
        }
        try redis.cli("PUBLISH", "t:prices:a%3Ab*:usd", "right\u{1B}[2J one")
        try redis.cli("PUBLISH", "t:alerts:bitcon:eur", "right two")
        try process.waitForLine(containing: "t:alerts:bitcon:eur  right two")
        #expect(process.log.contains("t:prices:a%3Ab*:usd  right") && !process.log.contains("wrong"), "\(process.log)")
        #expect(!process.log.contains("\u{1B}"))
        #expect(process.terminate() == 0)
    }

    @Test("it ends with 0 when nobody reads any more")
    func closedPipe() throws {
        let process = Process()
        process.executableURL = try ServiceProcess.executable("cacher")
        process.arguments = ["tail"]
        process.environment = ["REDIS_URL": redis.url]
        let (output, errors) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError) = (output, errors)
        try process.run()
        #expect(String(decoding: errors.fileHandleForReading.availableData, as: UTF8.self).contains("listening"))
        try redis.cli("PUBLISH", "prices:bitcoin:usd", "one")
        #expect(String(decoding: output.fileHandleForReading.availableData, as: UTF8.self).contains("one"))
        try output.fileHandleForReading.close()
        try redis.cli("PUBLISH", "prices:bitcoin:usd", "two")
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 0)
    }
}
