import Glibc
import Shared
import TestSupport
import Testing

@testable import Ingestor

@Suite("WebSocket connections through TLS and proxies", .ownThread, .timeLimit(.minutes(5)))
struct WebSocketTLSTests {
    /// What came of one attempt: the reason, or nil when it is open.
    private func attempt(
        _ url: String,
        trusting certificates: WebSocketGroup.Certificates,
        environment: [String: String] = [:]
    ) throws -> String? {
        let client = try WebSocketClient(certificates: certificates, environment: environment)
        client.group.connect(0, to: url)
        client.wait("an end or a beginning") { client.events[0] != nil }
        return client.reasons().first
    }

    @Test("a connection opens when an authority in the file vouches for the name or the address")
    func secure() throws {
        let certificates = try TestCertificates()
        let server = try WebSocketServer(certificates: certificates)
        defer { server.stop() }
        let client = try WebSocketClient(certificates: .file(certificates.authority))
        client.group.connect(0, to: "wss://localhost:\(server.port)/")
        client.wait("open") { client.isOpen() || !client.reasons().isEmpty }
        #expect(client.reasons() == [])
        let peer = try #require(server.peer)
        peer.send("through TLS")
        client.group.send("and back", on: 0)
        client.wait("messages") { client.messages() == ["through TLS"] && peer.texts == ["and back"] }
        client.group.disconnect(0)
        client.wait("closed") { !client.isOpen() && !peer.isConnected }
        #expect(client.reasons() == ["disconnected"])
        #expect(peer.closeCode == 1001)
        #expect(try attempt("wss://127.0.0.1:\(server.port)/", trusting: .file(certificates.authority)) == nil)
    }

    @Test("frames in one piece with the answer are not lost, and a cut is one")
    func coalesced() throws {
        let certificates = try TestCertificates()
        let server = try WebSocketServer(certificates: certificates) { _, _ in .accept(then: ServerFrame.text("first"))
        }
        defer { server.stop() }
        let client = try WebSocketClient(certificates: .file(certificates.authority))
        client.group.connect(0, to: "wss://localhost:\(server.port)/")
        client.wait("first") { client.messages() == ["first"] && server.peer != nil }
        try #require(server.peer).cutInFrame("halved")
        client.wait("closed") { !client.isOpen() }
        #expect(client.reasons() == ["the connection was cut in the middle of a message"])
    }

    @Test("an authority that nobody knows, another name, another address and yesterday's certificate are refused")
    func refused() throws {
        let certificates = try TestCertificates(names: ["feed.example", "*.other.example"], addresses: ["127.0.0.9"])
        let server = try WebSocketServer(certificates: certificates)
        defer { server.stop() }
        let mine = WebSocketGroup.Certificates.file(certificates.authority)
        let url = "wss://localhost:\(server.port)/"
        let unknown = try #require(try attempt(url, trusting: .system))
        #expect(unknown.contains("authority"), "\(unknown)")
        let others = try TestCertificates()
        let other = try #require(try attempt(url, trusting: .file(others.authority)))
        #expect(other.contains("authority"), "\(other)")
        let name = try #require(try attempt(url, trusting: mine))
        #expect(name == "localhost:\(server.port): its certificate is not for localhost")
        let address = try #require(try attempt("wss://127.0.0.1:\(server.port)/", trusting: mine))
        #expect(address == "127.0.0.1:\(server.port): its certificate is not for 127.0.0.1")
        let old = try TestCertificates(days: -1)
        let oldServer = try WebSocketServer(certificates: old)
        defer { oldServer.stop() }
        let expired = try #require(try attempt("wss://localhost:\(oldServer.port)/", trusting: .file(old.authority)))
        #expect(expired.contains("expired"), "\(expired)")
        #expect(server.requests.isEmpty && oldServer.requests.isEmpty, "nothing is said to a stranger")
    }

    @Test("a certificate for the address alone is none for the name: who forges lookups has one")
    func addressAlone() throws {
        let certificates = try TestCertificates(names: [], addresses: ["127.0.0.1"])
        let server = try WebSocketServer(certificates: certificates)
        defer { server.stop() }
        let reason = try attempt("wss://localhost:\(server.port)/", trusting: .file(certificates.authority))
        #expect(reason == "localhost:\(server.port): its certificate is not for localhost")
        #expect(try attempt("wss://127.0.0.1:\(server.port)/", trusting: .file(certificates.authority)) == nil)
    }

    @Test("plain TCP where TLS is expected is a reason, and TLS where HTTP is expected too")
    func mixedUp() throws {
        let plain = try WebSocketServer()
        let secure = try WebSocketServer(certificates: TestCertificates())
        defer { for server in [plain, secure] { server.stop() } }
        let noTLS = try #require(try attempt("wss://localhost:\(plain.port)/", trusting: .system))
        #expect(noTLS.hasPrefix("localhost:\(plain.port)"), "\(noTLS)")
        let noHTTP = try #require(try attempt("ws://localhost:\(secure.port)/", trusting: .system))
        #expect(noHTTP.hasPrefix("localhost:\(secure.port)"), "\(noHTTP)")
    }

    @Test("a file of certificates that isn't there, or holds none, ends the start")
    func file() throws {
        for path in ["/nowhere/ca.pem", try TemporaryFile.keep("no certificate"), try TemporaryFile.keep("")] {
            defer { TemporaryFile.remove(path) }
            let error = #expect(throws: WebSocketError.self) { try WebSocketClient(certificates: .file(path)) }
            #expect(error?.disposition == .fatal)
            #expect(error?.description.contains(path) == true)
        }
    }

    // MARK: - Proxies

    @Test(
        "through a proxy the name's certificate is still the one that counts, and the password goes to the proxy alone"
    )
    func proxy() throws {
        let certificates = try TestCertificates(names: ["feed.example"], addresses: [])
        let server = try WebSocketServer(certificates: certificates)
        defer { server.stop() }
        let proxy = try ConnectProxy(to: server.port)
        let environment = ["HTTPS_PROXY": "http://me:sec%20ret@127.0.0.1:\(proxy.port)"]
        let mine = WebSocketGroup.Certificates.file(certificates.authority)
        #expect(try attempt("wss://feed.example/feed", trusting: mine, environment: environment) == nil)
        #expect(
            proxy.requests == [
                "CONNECT feed.example:443 HTTP/1.1\r\nHost: feed.example:443\r\nUser-Agent: tickline-test/1\r\n"
                    + "Proxy-Authorization: Basic bWU6c2VjIHJldA==\r\n\r\n"
            ]
        )
        #expect(server.requests.first?.target == "/feed")
        #expect(server.requests.first?.headers["host"] == "feed.example")
        #expect(server.requests.first?.headers["proxy-authorization"] == nil)
        let wrong = try attempt("wss://other.example/", trusting: mine, environment: environment)
        #expect(wrong == "other.example:443: its certificate is not for other.example")
        let address = try attempt("wss://192.0.2.1/", trusting: mine, environment: environment)
        #expect(address?.contains("behind a proxy a host has to be named") == true, "\(address ?? "open")")
    }

    @Test("a certificate for the proxy's own address is none for the host behind it")
    func proxyAddress() throws {
        let certificates = try TestCertificates(names: [], addresses: ["127.0.0.1"])
        let server = try WebSocketServer(certificates: certificates)
        defer { server.stop() }
        let proxy = try ConnectProxy(to: server.port)
        let reason = try attempt(
            "wss://feed.example/",
            trusting: .file(certificates.authority),
            environment: ["https_proxy": "127.0.0.1:\(proxy.port)"]
        )
        #expect(reason == "feed.example:443: its certificate is not for feed.example")
        #expect(server.requests.isEmpty)
    }

    @Test("a plain WebSocket goes through http_proxy, and loopback and no_proxy go past it")
    func plainProxy() throws {
        let server = try WebSocketServer { _, _ in .accept(then: ServerFrame.text("first")) }
        defer { server.stop() }
        let proxy = try ConnectProxy(to: server.port)
        let client = try WebSocketClient(environment: ["http_proxy": "127.0.0.1:\(proxy.port)"])
        client.group.connect(0, to: "ws://feed.example:99/")
        client.wait("first") { client.messages() == ["first"] || !client.reasons().isEmpty }
        #expect(client.reasons() == [])
        #expect(proxy.requests.first?.hasPrefix("CONNECT feed.example:99 HTTP/1.1\r\n") == true)
        client.group.connect(1, to: "ws://localhost:\(server.port)/")
        client.wait("first") { client.messages(1) == ["first"] }
        #expect(proxy.requests.count == 1)
    }

    @Test(
        "a proxy that refuses, that says too much or nothing in HTTP is a reason without its password",
        arguments: [
            ("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", "answers 407"),
            ("HTTP/1.1 403 Forbidden\r\n\r\n<html>", "answers 403"), ("SSH-2.0\r\n\r\n", "doesn't answer in HTTP"),
            ("", "hung up"), ("HTTP/1.1 200 OK\r\n\r\nhello", "said more than it was asked"),
        ]
    )
    func proxyRefuses(_ answer: String, _ says: String) throws {
        let server = try WebSocketServer()
        defer { server.stop() }
        let proxy = try ConnectProxy(to: server.port, answer: answer)
        let environment = ["https_proxy": "http://me:secret@127.0.0.1:\(proxy.port)"]
        let reason = try #require(try attempt("wss://feed.example/", trusting: .system, environment: environment))
        #expect(reason.contains(says), "\(reason)")
        #expect(reason.hasPrefix("the proxy 127.0.0.1:\(proxy.port)") || reason.hasPrefix("feed.example:443"))
        #expect(!reason.contains("secret"))
    }

    @Test("a proxy that isn't there is named, and one of another kind ends the start")
    func noProxy() throws {
        let (socket, port) = try LoopbackSocket.bound()
        defer { close(socket) }
        let reason = try attempt(
            "wss://feed.example/",
            trusting: .system,
            environment: ["https_proxy": "http://me:secret@127.0.0.1:\(port)"]
        )
        #expect(reason == "the proxy 127.0.0.1:\(port): Connection refused")
        let error = #expect(throws: WebSocketError.self) {
            try WebSocketClient(environment: ["all_proxy": "socks5://me:secret@127.0.0.1:1"])
        }
        #expect(error?.description.contains("secret") == false)
    }
}
