import Foundation
import FoundationNetworking
import Glibc
import TestSupport
import Testing

@testable import Shared

@Suite("HTTP endpoints")
struct HealthServerTests {
    private func endpoints(_ readiness: Readiness, timeout: Duration = .seconds(60)) -> HealthEndpoints {
        let registry = PrometheusRegistry()
        PrometheusCounter("tickline_test_total", help: "T.", registry: registry).increment()
        return HealthEndpoints(
            service: "test",
            readiness: readiness,
            registry: registry,
            heartbeatTimeout: timeout
        )
    }

    /// The probe blocks: on a thread of its own, for the server needs the cooperative pool.
    private func get(
        _ port: Int,
        _ path: String,
        host: String = "127.0.0.1"
    ) async throws -> (status: Int, body: String) {
        try await DedicatedThread.run(name: "probe") {
            try HealthProbe.get(host: host, port: port, path: path, timeout: .seconds(300))
        }
    }

    @Test("readiness is 503 with every condition until all are ok, over real HTTP")
    func readyz() async throws {
        let readiness = Readiness("kafka", "postgres")
        let server = try await HealthServer.start(host: "127.0.0.1", port: 0, endpoints: endpoints(readiness))
        readiness.set(Readiness.pipeline, .ok)
        readiness.set("postgres", .failing("connection \"refused\""))
        let failing = try await get(server.port, "/readyz")
        #expect(failing.status == 503)
        let expected =
            #"{"service":"test","ready":false,"conditions":{"pipeline":"ok","kafka":"failing: not reached yet","#
            + #""postgres":"failing: connection \"refused\""}}"# + "\n"
        #expect(failing.body == expected)
        readiness.set("kafka", .ok)
        readiness.set("postgres", .ok)
        #expect(try await get(server.port, "/readyz").status == 200)
        readiness.set("disk", .failing("full"))
        #expect(try await get(server.port, "/readyz").body.contains(#""disk":"failing: full""#))
        await server.stop()
        await #expect(throws: HealthProbe.Failure.self) { try await get(server.port, "/readyz") }
    }

    @Test("health fails when the loop stands still for the timeout, and not before its first turn")
    func healthz() async throws {
        let readiness = Readiness()
        // A timeout of no time: every beat is too old already.
        let hanging = endpoints(readiness, timeout: .nanoseconds(1))
        #expect(hanging.healthz().isOK)
        readiness.heartbeat.beat()
        let answer = hanging.healthz()
        #expect(!answer.isOK && answer.body.hasPrefix("hanging: "))
        #expect(endpoints(readiness).healthz().isOK)
    }

    @Test("an HTTP client from elsewhere reads the metrics with their content type, HEAD has no body, others get 404")
    func foreignClient() async throws {
        let server = try await HealthServer.start(host: "127.0.0.1", port: 0, endpoints: endpoints(Readiness()))
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = 300
        let session = URLSession(configuration: configuration)
        let base = try #require(URL(string: "http://127.0.0.1:\(server.port)"))
        let (data, response) = try await session.data(from: base.appendingPathComponent("metrics"))
        let http = try #require(response as? HTTPURLResponse)
        #expect(http.statusCode == 200)
        #expect(http.value(forHTTPHeaderField: "Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
        #expect(String(decoding: data, as: UTF8.self).contains("\ntickline_test_total 1\n"))
        var head = URLRequest(url: base.appendingPathComponent("healthz"))
        head.httpMethod = "HEAD"
        let (none, headResponse) = try await session.data(for: head)
        #expect((headResponse as? HTTPURLResponse)?.statusCode == 200 && none.isEmpty)
        let (_, missing) = try await session.data(from: base.appendingPathComponent("secrets"))
        #expect((missing as? HTTPURLResponse)?.statusCode == 404)
        await server.stop()
    }

    @Test("connections that say nothing, or nonsense, don't keep others from an answer")
    func noise() async throws {
        let server = try await HealthServer.start(host: "127.0.0.1", port: 0, endpoints: endpoints(Readiness()))
        var sockets: [Int32] = []
        defer { sockets.forEach { _ = Glibc.close($0) } }
        for index in 0..<100 {
            let descriptor = try LoopbackSocket.connected(to: server.port)
            sockets.append(descriptor)
            let nonsense = ["", "GET", "\r\n\r\n", "GET / HTTP/9.9\r\nX\r\n\r\n", "\0\u{7F}\n\n"][index % 5]
            let bytes = Array(nonsense.utf8)
            try #require(send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
        }
        for _ in 0..<20 {
            #expect(try await get(server.port, "/healthz").status == 200)
        }
        await server.stop()
    }

    @Test(
        "each method and path has its answer",
        arguments: [
            ("GET", "/healthz", 200), ("HEAD", "/healthz?a=b", 200), ("GET", "/readyz", 503), ("GET", "/metrics?", 200),
            ("POST", "/healthz", 405), ("GET", "/", 404), ("GET", "", 404), ("POST", "/other", 404),
            ("GET", "/healthz/", 404), ("GET", "http://x/healthz", 404),
        ]
    )
    func answers(method: String, target: String, status: Int) {
        #expect(endpoints(Readiness()).answer(method: method, target: target).status == status)
    }

    @Test("requests of a megabyte without a line end are answered 431, and others meanwhile as always")
    func endless() async throws {
        let server = try await HealthServer.start(host: "127.0.0.1", port: 0, endpoints: endpoints(Readiness()))
        let bytes = Array("GET /".utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: 1_000_000)
        for _ in 0..<2 {
            let descriptor = try LoopbackSocket.connected(to: server.port)
            _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            Glibc.close(descriptor)
        }
        #expect(try await get(server.port, "/healthz").status == 200)
        for text in [
            "GET /\(String(repeating: "x", count: 9000))",
            "GET / HTTP/1.1\r\n" + String(repeating: "a:b\r\n", count: 65),
        ] {
            let descriptor = try LoopbackSocket.connected(to: server.port)
            try write(text, to: descriptor)
            #expect(try await read(descriptor).hasPrefix("HTTP/1.1 431 "))
        }
        await server.stop()
    }

    @Test("what isn't HTTP is answered 400 and closed, a body isn't read, and 405 says what is allowed")
    func unusable() async throws {
        let server = try await HealthServer.start(host: "127.0.0.1", port: 0, endpoints: endpoints(Readiness()))
        func answer(to text: String) async throws -> String {
            let descriptor = try LoopbackSocket.connected(to: server.port)
            try write(text, to: descriptor)
            return try await read(descriptor)
        }
        #expect(try await answer(to: "hello\r\n\r\n").hasPrefix("HTTP/1.1 400 "))
        let post = try await answer(to: "POST /healthz HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n")
        #expect(post.hasPrefix("HTTP/1.1 405 ") && post.contains("allow: GET, HEAD\r\n"))
        let old = try await answer(to: "GET /healthz HTTP/1.0\r\n\r\n")
        #expect(old.hasPrefix("HTTP/1.1 200 ") && old.hasSuffix("\r\n\r\nok\n"))
        let two = try await answer(
            to: "GET /healthz HTTP/1.1\r\n\r\nHEAD /healthz HTTP/1.1\r\nConnection: close\r\n\r\n"
        )
        #expect(two.components(separatedBy: "HTTP/1.1 200 OK\r\n").count == 3 && two.hasSuffix("\r\n\r\n"))
        await server.stop()
    }

    @Test("with too many connections open the longest waiting are closed, and a new one is always answered")
    func crowded() async throws {
        var limits = HTTPLimits()
        limits.connections = 8
        let endpoints = endpoints(Readiness())
        let server = try await HealthServer.start(host: "127.0.0.1", port: 0, endpoints: endpoints, limits: limits)
        var sockets: [Int32] = []
        defer { sockets.forEach { _ = Glibc.close($0) } }
        for _ in 0..<100 { sockets.append(try LoopbackSocket.connected(to: server.port)) }
        #expect(try await get(server.port, "/healthz").status == 200)
        // 100 and the probe's, less 8.
        for descriptor in sockets.prefix(93) {
            #expect(try await read(descriptor, thenClose: false) == "")
        }
        let metrics = try await get(server.port, "/metrics").body
        #expect(metrics.contains("tickline_http_faults_total{kind=\"crowded\"} 93\n"))
        await server.stop()
    }

    @Test("a connection that says nothing, or half a request, is closed when its time is over")
    func timeout() async throws {
        var limits = HTTPLimits()
        limits.turn = .milliseconds(50)
        let endpoints = endpoints(Readiness())
        let server = try await HealthServer.start(host: "127.0.0.1", port: 0, endpoints: endpoints, limits: limits)
        for text in ["", "GET /healthz HTTP/1.1\r\n"] {
            let descriptor = try LoopbackSocket.connected(to: server.port)
            try write(text, to: descriptor)
            #expect(try await read(descriptor) == "")
        }
        await server.stop()
    }

    @Test(
        "200 clients that send a header byte by byte are closed all the same, and others have their answers meanwhile",
        .timeLimit(.minutes(5))
    )
    func slowLoris() async throws {
        var limits = HTTPLimits()
        limits.turn = .milliseconds(500)
        let endpoints = endpoints(Readiness())
        let server = try await HealthServer.start(host: "127.0.0.1", port: 0, endpoints: endpoints, limits: limits)
        let sockets = try (0..<200).map { _ in try LoopbackSocket.connected(to: server.port) }
        defer { sockets.forEach { _ = Glibc.close($0) } }
        async let attack: Void = DedicatedThread.run(name: "loris") {
            var open = sockets
            var bytes = "GET /healthz HTTP/1.1\r\nX: ".utf8.makeIterator()
            while !open.isEmpty {
                var byte = bytes.next() ?? UInt8(ascii: "x")
                open = open.filter { send($0, &byte, 1, Int32(MSG_NOSIGNAL)) == 1 }
                usleep(5_000)
            }
        }
        for _ in 0..<20 {
            #expect(try await get(server.port, "/healthz").status == 200)
        }
        try await attack
        #expect(try await get(server.port, "/healthz").status == 200)
        await server.stop()
    }

    @Test("who asks again and again without taking the answers is closed, and one answer waits at most")
    func greedy() async throws {
        let endpoints = endpoints(Readiness())
        for index in 0..<2000 {
            let labels = ["number": "\(index)"]
            PrometheusCounter("tickline_many_total", help: "M.", labels: labels, registry: endpoints.registry)
                .increment()
        }
        let server = try await HealthServer.start(host: "127.0.0.1", port: 0, endpoints: endpoints)
        let descriptor = try LoopbackSocket.connected(to: server.port)
        let count = 2000
        try write(String(repeating: "GET /metrics HTTP/1.1\r\n\r\n", count: count), to: descriptor)
        #expect(try await get(server.port, "/healthz").status == 200)
        let answers = try await read(descriptor)
        #expect(answers.count < count * endpoints.metrics().body.count / 2)
        await server.stop()
    }

    @Test("a port that is lost after the start is counted and listened on again")
    func lost() async throws {
        var limits = HTTPLimits()
        limits.listenAgain = .milliseconds(10)
        let endpoints = endpoints(Readiness())
        let server = try await HealthServer.start(host: "127.0.0.1", port: 0, endpoints: endpoints, limits: limits)
        #expect(try await get(server.port, "/healthz").status == 200)
        let listener = try #require((3..<1024).first { isListening($0, on: server.port) })
        #expect(shutdown(listener, Int32(SHUT_RDWR)) == 0)
        try await eventually("the port answers again") {
            endpoints.metrics().body.contains("tickline_http_faults_total{kind=\"listen\"} 1\n")
                && (3..<1024).contains { isListening($0, on: server.port) }
        }
        #expect(try await get(server.port, "/healthz").status == 200)
        await server.stop()
    }

    /// Whether a descriptor of this process is the socket that listens on a port.
    private func isListening(_ descriptor: Int32, on port: Int) -> Bool {
        var listens: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0, listens == 1 else {
            return false
        }
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return code == 0 && address.sin_family == sa_family_t(AF_INET)
            && Int(UInt16(bigEndian: address.sin_port)) == port
    }

    private func write(_ text: String, to descriptor: Int32) throws {
        let bytes = Array(text.utf8)
        try #require(send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
    }

    /// Everything until the server closes; on a thread of its own, for it blocks.
    private func read(_ descriptor: Int32, thenClose: Bool = true) async throws -> String {
        try await DedicatedThread.run(name: "reader") {
            defer { if thenClose { Glibc.close(descriptor) } }
            var answer: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = recv(descriptor, &chunk, chunk.count, 0)
                guard count > 0 else { return String(decoding: answer, as: UTF8.self) }
                answer.append(contentsOf: chunk[..<count])
            }
        }
    }

    @Test("the server and the probe speak IPv6, and the probe finds a server that listens on every address")
    func addresses() async throws {
        for host in ["::1", "::", "0.0.0.0"] {
            let server = try await HealthServer.start(host: host, port: 0, endpoints: endpoints(Readiness()))
            let target = HealthProbe.target(for: host)
            let answer = try await get(server.port, "/healthz", host: target)
            #expect(answer.status == 200 && answer.body == "ok\n", "\(host)")
            await server.stop()
        }
    }

    @Test("a port in use is one line that names the setting and says what to do")
    func portInUse() async throws {
        let first = try await HealthServer.start(host: "127.0.0.1", port: 0, endpoints: endpoints(Readiness()))
        let error = await #expect(throws: HTTPServerError.self) {
            _ = try await HealthServer.start(host: "127.0.0.1", port: first.port, endpoints: endpoints(Readiness()))
        }
        let expected =
            "HTTP_PORT \(first.port) on 127.0.0.1 is in use already: end the process that has it, or set HTTP_PORT to "
            + "another port (0 takes a free one)"
        #expect(error?.description == expected)
        await first.stop()
    }

    @Test("an address of another machine is one line too")
    func foreignAddress() async {
        let error = await #expect(throws: HTTPServerError.self) {
            _ = try await HealthServer.start(host: "192.0.2.1", port: 0, endpoints: endpoints(Readiness()))
        }
        #expect(error?.description.hasPrefix("HTTP_HOST 192.0.2.1 is not an address of this machine") == true)
    }

    @Test("the probe says when nobody listens, and when what answers isn't HTTP")
    func probe() throws {
        let listener = try LoopbackSocket.listening()
        let failure = #expect(throws: HealthProbe.Failure.self) {
            // Nobody accepts: the kernel completes the connection, and the read times out.
            try HealthProbe.get(port: listener.port, path: "/healthz", timeout: .milliseconds(50))
        }
        #expect(failure?.description == "read: no answer in time")
        Glibc.close(listener.descriptor)
        // Bound and not listening: a port that was given up may be another test's by now.
        let silent = try LoopbackSocket.bound()
        defer { Glibc.close(silent.descriptor) }
        let refused = #expect(throws: HealthProbe.Failure.self) {
            try HealthProbe.get(port: silent.port, path: "/healthz", timeout: .seconds(5))
        }
        #expect(refused?.description == "connect: Connection refused")
    }
}
