import Shared
import TestSupport
import Testing

@testable import Cacher

@Suite("RedisConnection, on a real redis-server", .ownThread)
struct RedisConnectionTests {
    private func connect(_ url: String, timeout: Duration = .seconds(5)) throws -> RedisConnection {
        try RedisConnection(to: try #require(RedisURL(url)), timeout: timeout)
    }

    @Test("a pipeline is answered command by command, and an error stays with its own command")
    func answersPipeline() throws {
        let server = try RedisServer()
        let connection = try connect(server.url)
        var pipeline = RedisPipeline()
        pipeline.command("SET")
        pipeline.append("key")
        let bytes: [UInt8] = [0, 13, 10, 255]
        bytes.withUnsafeBytes { pipeline.append($0) }
        for command in ["GET", "INCR", "TTL", "STRLEN"] {
            pipeline.command(command)
            pipeline.append("key")
        }
        pipeline.command("GET")
        pipeline.append("nothing")
        pipeline.command("MGET")
        pipeline.append("key")
        pipeline.append("nothing")
        var replies: [RedisReply] = []
        try connection.run(&pipeline) { position, reply in
            #expect(position == replies.count)
            replies.append(reply)
        }
        #expect(
            replies == [
                .status("OK"), .string(bytes),
                .error(RedisError(.refused, "Redis answers: ERR value is not an integer or out of range")),
                .integer(-1), .integer(4), .null, .array([.string(bytes), .null]),
            ]
        )
    }

    @Test("ten thousand commands in one pipeline come back in order")
    func answersManyCommands() throws {
        let server = try RedisServer()
        let connection = try connect(server.url)
        var pipeline = RedisPipeline()
        let filler = String(repeating: "x", count: 500)
        for number in 0..<10_000 {
            pipeline.command("ECHO")
            pipeline.append(joining: String(number), " ", filler)
        }
        var right = 0
        try connection.run(&pipeline) { position, reply in
            if reply.text == "\(position) \(filler)" { right += 1 }
        }
        #expect(right == 10_000)
    }

    @Test("without the password, or with a wrong one, the error says what to do and is fatal")
    func refusesPassword() throws {
        let server = try RedisServer(password: "p@ss word")
        let bare = "redis://127.0.0.1:\(server.port)"
        let missing = try #require(throws: RedisError.self) { try connect(bare) }
        #expect(missing.kind == .authentication)
        #expect(missing.disposition == .fatal)
        #expect(missing.description.contains("REDIS_URL"))
        let wrong = try #require(throws: RedisError.self) { try connect("redis://:no@127.0.0.1:\(server.port)") }
        #expect(wrong.kind == .authentication)
        #expect(wrong.disposition == .fatal)
        #expect(wrong.description.contains("REDIS_URL"))
        #expect(!wrong.description.contains("no@"))
        _ = try connect("redis://:p%40ss%20word@127.0.0.1:\(server.port)")
        try server.cli("ACL", "SETUSER", "ann", "on", ">secret", "+@all", "~*")
        let ann = try connect("redis://ann:secret@127.0.0.1:\(server.port)/5")
        #expect(try ann.call(["ACL", "WHOAMI"]).text == "ann")
    }

    @Test("no error repeats the password, whatever the server makes of AUTH")
    func hidesPassword() throws {
        let server = try RedisServer(arguments: ["--rename-command", "AUTH", ""])
        let error = try #require(throws: RedisError.self) {
            try connect("redis://ann:s3cret-w0rd@127.0.0.1:\(server.port)")
        }
        #expect(error.disposition == .fatal)
        #expect(error.description.contains("unknown command 'AUTH'"))
        #expect(!error.description.contains("s3cret") && !error.description.contains("ann"), "\(error)")
        let echo = RedisError(reply: "ERR what do you mean by s3cret-w0rd?").hiding(["ann", "s3cret-w0rd"])
        #expect(echo.description == "Redis answers: ERR what do you mean by ***?")
        #expect(RedisError(reply: "ERR " + String(repeating: "x", count: 100_000)).description.utf8.count <= 1_024)
    }

    @Test("the database in the address is the one that is used")
    func selectsDatabase() throws {
        let server = try RedisServer()
        let connection = try connect("redis://127.0.0.1:\(server.port)/7")
        try connection.call(["SET", "key", "value"])
        #expect(try server.cli("-n", "7", "GET", "key") == "value")
        let error = try #require(throws: RedisError.self) { try connect("redis://127.0.0.1:\(server.port)/77") }
        #expect(error.disposition == .fatal)
    }

    @Test("nobody listening, a server that dies and one that hangs are all worth a retry")
    func losesConnection() throws {
        let server = try RedisServer()
        let connection = try connect(server.url, timeout: .seconds(2))
        server.freeze()
        let hanging = try #require(throws: RedisError.self) { try connection.call(["PING"]) }
        #expect(hanging.kind == .connection)
        #expect(hanging.description.contains("no answer in time"))
        server.thaw()
        let second = try connect(server.url)
        server.stop()
        let lost = try #require(throws: RedisError.self) { try second.call(["PING"]) }
        #expect(lost.kind == .connection)
        #expect(lost.disposition == .retry)
        let refused = try #require(throws: RedisError.self) { try connect(server.url) }
        #expect(refused.kind == .connection)
        #expect(refused.description.contains("127.0.0.1:\(server.port)"))
        try server.start()
        #expect(try connect(server.url).call(["PING"]) == .status("PONG"))
    }

    @Test("a full Redis and a replica are worth a retry; a command that can't work is not")
    func classifiesReplies() throws {
        let server = try RedisServer()
        let connection = try connect(server.url)
        try connection.call(["SET", "text", "x"])
        let wrongType = try #require(throws: RedisError.self) { try connection.call(["HGET", "text", "field"]) }
        #expect(wrongType.disposition == .badData, "one key's fault")
        #expect(wrongType.description.contains("CACHER_KEY_PREFIX"))
        try server.cli("CONFIG", "SET", "maxmemory", "1")
        let full = try #require(throws: RedisError.self) { try connection.call(["SET", "more", "x"]) }
        #expect(full.kind == .unavailable)
        #expect(full.disposition == .retry)
        try server.cli("CONFIG", "SET", "maxmemory", "0")
        try server.cli("REPLICAOF", "127.0.0.1", "1")
        let replica = try #require(throws: RedisError.self) { try connection.call(["SET", "more", "x"]) }
        #expect(replica.kind == .unavailable)
        let script = try #require(throws: RedisError.self) {
            try connection.call(["EVALSHA", String(repeating: "0", count: 40), "0"])
        }
        #expect(script.kind == .scriptMissing)
    }

    @Test(
        "codes are classified, also where an older server wraps them",
        arguments: [
            ("LOADING Redis is loading the dataset in memory", RedisError.Kind.unavailable),
            ("ERR Error running script (call to f_0): @user_script:1: OOM command not allowed", .unavailable),
            ("ERR invalid password", .authentication),
            ("ERR Client sent AUTH, but no password is set", .authentication),
            ("ERR max number of clients reached", .unavailable),
            ("ERR max number of clients + cluster connections reached", .unavailable),
            (
                "WRONGTYPE Operation against a key holding the wrong kind of value script: 0, on @user_script:1.",
                .keyInTheWay
            ),
            ("ERR Error running script (call to f_0): @user_script:1: WRONGTYPE Operation against a key", .keyInTheWay),
            ("NOPERM User default has no permissions to run the 'evalsha' command", .forbidden),
            ("MOVED 3999 127.0.0.1:6381", .refused),
            ("ERR unknown command 'FOO'", .refused),
            ("", .refused),
        ]
    )
    func classifiesCodes(reply: String, kind: RedisError.Kind) {
        #expect(RedisError(reply: reply).kind == kind)
    }
}
