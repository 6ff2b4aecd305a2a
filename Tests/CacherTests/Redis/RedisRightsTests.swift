import Foundation
import Shared
import TestSupport
import Testing

@testable import Cacher

@Suite("ACL users, Unix sockets and databases, on a real redis-server", .ownThread)
struct RedisRightsTests {
    @Test("whoever lacks a right reads which one")
    func namesRight() throws {
        let server = try RedisServer()
        func connect(_ rights: String...) throws -> RedisConnection {
            let arguments = ["ACL", "SETUSER", "ann", "reset", "on", ">w0rd"] + rights
            #expect(
                try RedisConnection(to: #require(RedisURL(server.url)), timeout: .seconds(5)).call(arguments).text
                    == "OK"
            )
            let url = try #require(RedisURL("redis://ann:w0rd@127.0.0.1:\(server.port)"))
            return try RedisConnection(to: url, timeout: .seconds(5))
        }
        let nothing = try #require(throws: RedisError.self) { try connect() }
        #expect(nothing.kind == .forbidden && nothing.message.contains("lacks +ping"), "\(nothing)")
        let reader = try connect("+ping", "+@read", "%R~*", "&*")
        let writing = try #require(throws: RedisError.self) { try reader.call(["HSET", "price:a:b", "c", "d"]) }
        #expect(writing.kind == .forbidden && writing.message.contains("lacks +hset"), "\(writing)")
        let elsewhere = try connect("+@all", "~other:*", "resetchannels")
        let key = try #require(throws: RedisError.self) { try elsewhere.call(["HSET", "price:a:b", "c", "d"]) }
        #expect(key.kind == .forbidden && key.message.contains("lacks ~"), "\(key)")
        let channel = try #require(throws: RedisError.self) { try elsewhere.subscribe(to: ["prices:*"]) }
        #expect(channel.kind == .forbidden && channel.message.contains("lacks &"), "\(channel)")
        let script = try connect("+ping", "+eval", "~*")
        let inner = try #require(throws: RedisError.self) {
            try script.call(["EVAL", "return redis.call('HSET', KEYS[1], 'a', 'b')", "1", "key"])
        }
        // Redis 7.0 doesn't say which, later ones do.
        #expect(inner.kind == .forbidden, "\(inner)")
        #expect(inner.message.contains("lacks +hset") || inner.message.contains("that a script runs"), "\(inner)")
    }

    @Test("the users of docs/redis.md have all the rights that they need, and the Cacher that lacks one says which")
    func documentedUsers() async throws {
        let redis = try RedisServer()
        let page = try String(contentsOfFile: "docs/redis.md", encoding: .utf8)
        for line in page.split(separator: "\n") where line.contains("ACL SETUSER") && line.hasPrefix("$ redis-cli") {
            let words = line.replacing("'", with: "").split(separator: " ").dropFirst(2).map(String.init)
            let admin = try RedisConnection(to: #require(RedisURL(redis.url)), timeout: .seconds(5))
            #expect(try admin.call(words).text == "OK")
        }
        let broker = try TestBroker()
        let producer = try KafkaProducer(settings: broker.settings, mode: .idempotent)
        let raw = try producer.topic(broker.name(Topic.raw.rawValue))
        func send(_ seconds: Int64, _ price: Int128) throws {
            let tick = CacheFixture.tick("bitcoin", seconds: seconds, price: price)
            try producer.send(to: raw, key: "bitcoin", value: Array(CacheFixture.json(tick).utf8))
            try producer.flush(timeout: .seconds(20))
        }
        try send(10, 4)
        let environment = ["CACHER_KEY_PREFIX": "tickline:"]
        let at = "127.0.0.1:\(redis.port)"
        let cacher = try RunningCacher(
            broker,
            redis,
            environment: environment.merging(["REDIS_URL": "redis://cacher:PASSWORD@\(at)"]) { $1 }
        )
        try await eventually("the price is there") {
            try redis.cli("HGET", "tickline:price:bitcoin:usd", "price") == "4"
                && redis.cli("EXISTS", "tickline:freshness") == "1"
        }
        let front = try LoopbackSocket.freePort()
        let serve = try ServiceProcess(
            "cacher",
            ["serve"],
            environment: environment.merging(
                [
                    "REDIS_URL": "redis://serve:PASSWORD@\(at)", "CACHER_HTTP_HOST": "127.0.0.1",
                    "CACHER_HTTP_PORT": "\(front)",
                ]
            ) { $1 }
        )
        try serve.waitUntilReady()
        for (path, wanted) in [
            ("/v1/prices/bitcoin", #""price":"4""#), ("/v1/candles/bitcoin", "200"), ("/v1/alerts", "200"),
            ("/v1/movers", "200"), ("/v1/status", #""partitions""#),
        ] {
            #expect(try HTTPReader(front, path).text(until: wanted), "\(path)")
        }
        let stream = try HTTPReader(front, "/v1/stream?coins=bitcoin")
        try await eventually("the page counts its reader") { try serve.metric("tickline_serve_readers") == 1 }
        try send(11, 5)
        #expect(try stream.text(until: #""price":"5""#))
        #expect(serve.terminate() == 0)
        try await cacher.finish()

        try send(12, 6)
        let reader = try RunningCacher(
            broker,
            redis,
            environment: environment.merging(["REDIS_URL": "redis://serve:PASSWORD@\(at)"]) { $1 }
        )
        try await eventually("who may only read can't be the Cacher") { reader.end != nil }
        let error = #expect(throws: RedisError.self) { try reader.end?.get() }
        #expect(error?.kind == .forbidden && error?.message.contains("lacks +") == true, "\(String(describing: error))")
    }

    @Test("serve waits, not ready, when the login that let it in stops working, and goes on when it works again")
    func loginChanges() throws {
        let redis = try RedisServer()
        let serve = try ServiceProcess(
            "cacher",
            ["serve"],
            environment: ["REDIS_URL": redis.url, "CACHER_HTTP_HOST": "127.0.0.1", "CACHER_HTTP_PORT": "0"]
        )
        try serve.waitUntilReady()
        let admin = try RedisConnection(to: #require(RedisURL(redis.url)), timeout: .seconds(5))
        try admin.call(["CONFIG", "SET", "requirepass", "w0rd"])
        try admin.call(["CLIENT", "KILL", "TYPE", "pubsub"])
        try serve.wait("serve to say why it isn't ready") {
            try serve.get("/readyz").body.contains("wants a password") ? true : nil
        }
        try admin.call(["CONFIG", "SET", "requirepass", ""])
        try serve.waitUntilReady()
        #expect(serve.terminate() == 0)
    }

    @Test("a Unix socket, with a login and a database of its own")
    func socket() throws {
        let server = try RedisServer(password: "w0rd")
        let path = server.socket
        let url = try #require(RedisURL("unix://:w0rd@\(path)?db=3"))
        let connection = try RedisConnection(to: url, timeout: .seconds(5))
        try connection.call(["SET", "key", "value"])
        #expect(try server.cli("-n", "3", "GET", "key") == "value")
        let listener = try RedisConnection(to: url, timeout: .seconds(5))
        try listener.subscribe(to: ["a:*"])
        try connection.call(["PUBLISH", "a:b", "hello"])
        var heard: [String] = []
        _ = try listener.receive(within: .seconds(10), stop: StopSignal()) { _, payload in
            heard.append(String(decoding: payload, as: UTF8.self))
        }
        #expect(heard == ["hello"])
        server.stop()
        let lost = try #require(throws: RedisError.self) { try connection.call(["PING"]) }
        #expect(lost.kind == .connection)
        let nobody = try #require(throws: RedisError.self) { try RedisConnection(to: url, timeout: .seconds(5)) }
        #expect(nobody.kind == .connection && nobody.message.contains(path) && !nobody.message.contains("w0rd"))
    }
}
