import Foundation
import Shared
import TestSupport
import Testing

@testable import Cacher

@Suite("redis-sentinel://, on real sentinels", .ownThread)
struct RedisSentinelTests {
    private func url(_ ports: [Int], _ service: String = "tickline", _ rest: String = "") throws -> RedisURL {
        let hosts = ports.map { "127.0.0.1:\($0)" }.joined(separator: ",")
        return try #require(RedisURL("redis-sentinel://\(hosts)/\(service)\(rest)"))
    }

    private func error(_ url: RedisURL) throws -> RedisError {
        try #require(throws: RedisError.self) { try RedisConnection(to: url, timeout: .seconds(5)) }
    }

    @Test("the master is asked for, past a sentinel that is away; login and database are the master's")
    func finds() throws {
        let server = try RedisServer(password: "m4ster")
        let sentinel = try RedisSentinel(watching: "tickline", on: server.port, patience: 60_000, password: "w4tch")
        var url = try url([LoopbackSocket.freePort(), sentinel.port], "tickline", "/3")
        url.sentinelPassword = "w4tch"
        url.password = "m4ster"
        let connection = try RedisConnection(to: url, timeout: .seconds(5))
        try connection.call(["SET", "key", "value"])
        #expect(try server.cli("-n", "3", "GET", "key") == "value")

        url.sentinelPassword = nil
        let locked = try error(url)
        #expect(locked.message.contains("REDIS_SENTINEL_PASSWORD"), "\(locked)")
        #expect(locked.disposition == .retry, "the sentinel that is away may let us in")
        url.sentinelPassword = "wr0ng"
        url.place = .sentinels([RedisEndpoint(host: "127.0.0.1", port: sentinel.port)], service: "tickline")
        let wrong = try error(url)
        #expect(wrong.message.contains("REDIS_SENTINEL_PASSWORD") && !wrong.message.contains("wr0ng"), "\(wrong)")
        #expect(wrong.disposition == .fatal)
        (url.sentinelPassword, url.password) = ("w4tch", "wr0ng")
        let refused = try error(url)
        #expect(refused.kind == .authentication && refused.message.contains("REDIS_URL"), "\(refused)")
        #expect(!refused.message.contains("wr0ng"))
    }

    @Test("a name that no sentinel knows, a replica in the master's place and no sentinel at all are worth a retry")
    func refuses() throws {
        let master = try RedisServer()
        let replica = try RedisServer(arguments: ["--replicaof", "127.0.0.1 \(master.port)"])
        let sentinel = try RedisSentinel(watching: "tickline", on: replica.port, patience: 60_000)
        let unknown = try error(url([sentinel.port], "other"))
        #expect(unknown.disposition == .retry && unknown.message.contains("other"), "\(unknown)")
        let demoted = try error(url([sentinel.port]))
        #expect(demoted.kind == .unavailable && demoted.message.contains("is a replica still"), "\(demoted)")
        let nobody = try LoopbackSocket.freePort()
        let away = try error(url([nobody]))
        #expect(away.kind == .connection && away.message.contains("127.0.0.1:\(nobody)"), "\(away)")
    }

    @Test("the Cacher and serve follow a failover after a crash and one by hand, and the old master isn't written to")
    func followsFailover() async throws {
        let fast = ["--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1"]
        let first = try RedisServer(arguments: fast)
        let second = try RedisServer(arguments: fast + ["--replicaof", "127.0.0.1 \(first.port)"])
        let sentinels = try (0..<3).map { _ in
            try RedisSentinel(watching: "tickline", on: first.port, quorum: 2)
        }
        try await eventually("the sentinels know each other and the replica") {
            try sentinels.allSatisfy {
                try $0.cli("SENTINEL", "SENTINELS", "tickline").contains("ip")
                    && $0.cli("SENTINEL", "CKQUORUM", "tickline").hasPrefix("OK 3")
                    && $0.cli("SENTINEL", "REPLICAS", "tickline").contains("\(second.port)")
            }
        }
        let address = "\(try url(sentinels.map(\.port)))"
        let broker = try TestBroker()
        let producer = try KafkaProducer(settings: broker.settings, mode: .idempotent)
        let raw = try producer.topic(broker.name(Topic.raw.rawValue))
        var seconds: Int64 = 10
        func send() throws {
            seconds += 1
            let tick = CacheFixture.tick("bitcoin", seconds: seconds, price: Int128(seconds))
            try producer.send(to: raw, key: "bitcoin", value: Array(CacheFixture.json(tick).utf8))
            try producer.flush(timeout: .seconds(20))
        }
        func price(_ server: RedisServer) throws -> String {
            try server.cli("HGET", "price:bitcoin:usd", "price")
        }
        try send()
        let cacher = try RunningCacher(broker, first, environment: ["REDIS_URL": address])
        let front = try LoopbackSocket.freePort()
        let serve = try ServiceProcess(
            "cacher",
            ["serve"],
            environment: [
                "REDIS_URL": address, "CACHER_HTTP_HOST": "127.0.0.1", "CACHER_HTTP_PORT": "\(front)",
            ]
        )
        try serve.waitUntilReady()
        try await eventually("the master has the price, and the replica") {
            try price(first) == "11" && price(second) == "11"
        }

        first.stop()
        try send()
        try await eventually("the replica is the master, and has the new price") { try price(second) == "12" }
        try await eventually("the Cacher is ready again") {
            cacher.readiness.conditions.dropFirst().allSatisfy { $0.state == .ok }
        }
        try first.start()
        try await eventually("the old master is a replica") { try first.cli("ROLE").contains("slave") }
        try serve.waitUntilReady()
        let stream = try HTTPReader(front, "/v1/stream?coins=bitcoin")
        try await eventually("the page counts its reader") { try serve.metric("tickline_serve_readers") == 1 }
        try send()
        #expect(try stream.text(until: #""price":"13""#), "serve hears the new master")
        try await eventually("the old master has it from the new one") { try price(first) == "13" }

        // By hand both stay alive: the connection is to a master that turns replica.
        try await eventually("a failover by hand is accepted") {
            try sentinels[0].cli("SENTINEL", "FAILOVER", "tickline") == "OK"
        }
        try await eventually("the first is the master again") { try first.cli("ROLE").contains("master") }
        try send()
        try await eventually("and has the new price") { try price(first) == "14" }
        #expect(cacher.end == nil)
        try await cacher.finish()
        #expect(serve.terminate() == 0)
    }
}
