import Foundation
import NIOCore
import NIOPosix
import Shared
import TestSupport
import Testing

@testable import Ingestor

@Suite("WebSocket connections", .ownThread, .timeLimit(.minutes(5)))
struct WebSocketGroupTests {
    /// A client whose connection 0 is open, and the server's end of it.
    private func open(
        _ server: WebSocketServer,
        limits: WebSocketGroup.Limits = .patient,
        inboxBytes: Int = 8 << 20
    ) throws -> (WebSocketClient, WebSocketPeer) {
        let client = try WebSocketClient(limits: limits, inboxBytes: inboxBytes)
        client.group.connect(0, to: "ws://127.0.0.1:\(server.port)/")
        client.wait("open") { client.isOpen() && server.peer != nil }
        return (client, try #require(server.peer))
    }

    /// Why one attempt to connect failed.
    private func failure(_ url: String) throws -> (reason: String, retryAfter: Duration?) {
        let client = try WebSocketClient()
        client.group.connect(0, to: url)
        client.wait("closed") { client.events[0] != nil }
        #expect(client.events[0]?.count == 1)
        guard case .closed(let reason, let retryAfter) = client.events[0]?.first else { return ("", nil) }
        return (reason, retryAfter)
    }

    // MARK: - Open and closed

    @Test("a connection opens, sends and receives, and closes when it is asked to")
    func plain() throws {
        let server = try WebSocketServer()
        defer { server.stop() }
        let client = try WebSocketClient()
        client.group.connect(7, to: "ws://127.0.0.1:\(server.port)/feed?a=b")
        client.wait("open") { client.isOpen(7) && server.peer != nil }
        let peer = try #require(server.peer)
        #expect(peer.request.target == "/feed?a=b")
        #expect(peer.request.headers["host"] == "127.0.0.1:\(server.port)")
        #expect(peer.request.headers["user-agent"] == "tickline-test/1")
        #expect(peer.request.headers["sec-websocket-extensions"] == nil, "nothing is compressed")
        let long = String(repeating: "é", count: 40_000)
        for text in ["hello", "", long] {
            client.group.send(text, on: 7)
            peer.send(text)
        }
        peer.send(fragments: ["frag", "", "ments"])
        client.wait("messages") { client.messages(7).count == 4 && peer.texts.count == 3 }
        #expect(client.messages(7) == ["hello", "", long, "fragments"])
        #expect(peer.texts == ["hello", "", long])
        #expect(peer.unmaskedFrames == 0)
        client.group.disconnect(7)
        client.wait("closed") { !client.isOpen(7) }
        client.wait("the server has heard it") { !peer.isConnected }
        #expect(peer.closeCode == 1001)
        #expect(client.events[7]?.last == .closed("disconnected", retryAfter: nil))
        client.group.send("too late", on: 7)
        client.group.disconnect(7)
        client.group.send("nobody", on: 8)
        client.take(waiting: .milliseconds(50))
        #expect(client.events[7]?.count == 6)
        #expect(client.events[8] == nil)
    }

    @Test("frames in one piece with the answer to the handshake are not lost")
    func coalesced() throws {
        let server = try WebSocketServer { _, _ in
            .accept(then: ServerFrame.text("first") + ServerFrame.text("second").prefix(4))
        }
        defer { server.stop() }
        let (client, peer) = try open(server)
        peer.send(bytes: Array(ServerFrame.text("second").dropFirst(4)))
        client.wait("both") { client.messages().count == 2 }
        #expect(client.events[0] == [.opened, .message("first"), .message("second")])
    }

    @Test("a server's close frame is answered, and its reason is on one line")
    func closedByServer() throws {
        let server = try WebSocketServer()
        defer { server.stop() }
        let (client, peer) = try open(server)
        peer.send("last")
        peer.close(1012, "restart\nnow")
        client.wait("closed") { !client.isOpen() && !peer.isConnected }
        #expect(peer.closeCode == 1012)
        #expect(client.messages() == ["last"])
        #expect(client.reasons() == ["the server closed the connection with 1012: restart now"])
    }

    @Test("a cut between frames and one inside a frame are told apart")
    func cut() throws {
        let server = try WebSocketServer()
        defer { server.stop() }
        let (client, peer) = try open(server)
        peer.send("whole")
        peer.cut()
        client.wait("closed") { !client.isOpen() }
        #expect(client.messages() == ["whole"])
        #expect(client.reasons() == ["the connection was cut"])
        client.group.connect(0, to: "ws://127.0.0.1:\(server.port)/")
        client.wait("open again") { client.isOpen() && server.peers.count == 2 }
        try #require(server.peer).cutInFrame("halved")
        client.wait("closed again") { !client.isOpen() }
        #expect(client.reasons().last == "the connection was cut in the middle of a message")
        #expect(client.messages() == ["whole"])
    }

    @Test("a server that comes back on its port is connected to again")
    func back() throws {
        let server = try WebSocketServer()
        let (client, _) = try open(server)
        server.stop()
        client.wait("closed") { !client.isOpen() }
        client.group.connect(0, to: "ws://127.0.0.1:\(server.port)/")
        client.wait("refused") { client.reasons().count == 2 }
        let again = try WebSocketServer(port: server.port)
        defer { again.stop() }
        client.group.connect(0, to: "ws://127.0.0.1:\(server.port)/")
        client.wait("open again") { client.isOpen() && again.peer != nil }
        again.peer?.send("back")
        client.wait("back") { client.messages() == ["back"] }
        #expect(client.reasons() == ["the connection was cut", "127.0.0.1:\(server.port): Connection refused"])
    }

    @Test("of the old connection nothing comes under a number that was connected again")
    func generation() throws {
        let server = try WebSocketServer()
        defer { server.stop() }
        let (client, peer) = try open(server)
        for _ in 0..<200 { peer.send(bytes: (0..<50).flatMap { _ in ServerFrame.text("old") }) }
        client.wait("some") { client.messages().count > 100 }
        client.group.disconnect(0)
        client.group.connect(0, to: "ws://127.0.0.1:\(server.port)/")
        client.wait("open again") { server.peers.count == 2 }
        server.peers[1].send("new")
        client.wait("new") { client.messages().last == "new" }
        let events = client.events[0] ?? []
        let end = try #require(events.firstIndex(of: .closed("disconnected", retryAfter: nil)))
        #expect(Array(events[end...]) == [.closed("disconnected", retryAfter: nil), .opened, .message("new")])
        // Without a disconnect of ours the number's old connection is ended all the same.
        client.group.connect(0, to: "ws://127.0.0.1:\(server.port)/")
        client.wait("open once more") { client.reasons().count == 2 && client.isOpen() }
        #expect(client.reasons().last == "connected again")
        client.wait("the old ones are gone") { server.peers.count { $0.isConnected } == 1 }
    }

    @Test("the end of the group gives every attempt its end, wherever it is, and waits for none of them")
    func end() throws {
        let server = try WebSocketServer { request, _ in request.target == "/silence" ? .silence : .accept() }
        defer { server.stop() }
        let (full, fullPort) = try LoopbackSocket.bound()
        listen(full, 0)
        let filler = try LoopbackSocket.connected(to: fullPort)
        defer { for descriptor in [full, filler] { close(descriptor) } }
        let (client, _) = try open(server)
        client.group.connect(1, to: "ws://127.0.0.1:\(server.port)/silence")
        client.group.connect(2, to: "wss://127.0.0.1:\(server.port)/")
        client.group.connect(3, to: "ws://127.0.0.1:\(fullPort)/")
        client.wait("the request") { server.requests.count == 2 }
        client.group.connect(4, to: "ws://127.0.0.1:\(server.port)/")
        client.group.connect(5, to: "ws://name.invalid/")
        let start = ContinuousClock.now
        client.group.close()
        #expect(ContinuousClock.now - start < .seconds(60))
        client.group.connect(6, to: "ws://127.0.0.1:\(server.port)/")
        client.group.close()
        client.take()
        #expect(client.events[0] == [.opened, .closed("the end", retryAfter: nil)])
        for number in 1...5 {
            #expect(client.events[number]?.count == 1)
            #expect(client.reasons(number).count == 1)
        }
        #expect(client.events[6] == nil)
    }

    // MARK: - What can't be opened

    @Test("a port where nobody listens, a name that doesn't exist and a URL that is none are reasons")
    func unreachable() throws {
        let (socket, port) = try LoopbackSocket.bound()
        defer { close(socket) }
        #expect(try failure("ws://127.0.0.1:\(port)/").reason == "127.0.0.1:\(port): Connection refused")
        let name = try failure("ws://no-such-host.invalid/").reason
        #expect(name.hasPrefix("no-such-host.invalid:80: its name isn't found: "), "\(name)")
        let url = try failure("https://me:secret@127.0.0.1/").reason
        #expect(url == "https://***@127.0.0.1/ is no URL of a WebSocket")
    }

    @Test("a server that says nothing is given up, at each step of the way")
    func silent() throws {
        let server = try WebSocketServer { _, _ in .silence }
        defer { server.stop() }
        let (mute, mutePort) = try LoopbackSocket.listening()
        let (full, fullPort) = try LoopbackSocket.bound()
        listen(full, 0)
        let filler = try LoopbackSocket.connected(to: fullPort)
        defer { for descriptor in [mute, full, filler] { close(descriptor) } }
        var limits = WebSocketGroup.Limits()
        limits.handshakeTimeout = .seconds(5)
        let client = try WebSocketClient(limits: limits)
        client.group.connect(0, to: "ws://127.0.0.1:\(server.port)/")
        client.group.connect(1, to: "wss://127.0.0.1:\(mutePort)/")
        client.group.connect(2, to: "ws://127.0.0.1:\(fullPort)/")
        client.wait("all are given up") { client.events.count == 3 }
        #expect(client.reasons(0) == ["127.0.0.1:\(server.port): the opening handshake took longer than 5.0 s"])
        #expect(client.reasons(1) == ["127.0.0.1:\(mutePort): the TLS handshake took longer than 5.0 s"])
        #expect(client.reasons(2) == ["127.0.0.1:\(fullPort): connecting took longer than 5.0 s"])
    }

    @Test("a lookup that is given up fails at once, however long the C library takes; the event loop may end before")
    func slowLookup() throws {
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let queue = DispatchQueue(label: "stuck")
        queue.suspend()
        let lookup = NameLookup(on: loops.next(), queue: queue)
        let (six, four) = try loops.next().submit {
            let six = lookup.initiateAAAAQuery(host: "localhost", port: 1)
            return (six, lookup.initiateAQuery(host: "localhost", port: 1))
        }.wait()
        lookup.cancelQueries()
        #expect(throws: NameLookupError.self) { try six.wait() }
        #expect(throws: NameLookupError.self) { try four.wait() }
        try loops.syncShutdownGracefully()
        // It is done when there is no event loop any more, and says so to nobody.
        queue.resume()
        queue.sync {}
    }

    @Test(
        "a refusal's status, the start of its page and how long to wait are told",
        arguments: [
            (429, ["Retry-After": "7"], "slow  down\n", "429: slow down", 7 as Double?),
            (503, ["Retry-After": "86400"], "", "503", 3600),
            (
                403, [:], "<html>\r\n<b>blocked</b>" + String(repeating: "x", count: 5000),
                "403: <html> <b>blocked</b>", nil
            ),
            (301, ["Location": "wss://elsewhere/"], "", "301", nil),
            (200, [:], "hello", "200: hello", nil),
        ]
    )
    func refused(_ status: Int, _ headers: [String: String], _ body: String, _ says: String, _ wait: Double?) throws {
        let server = try WebSocketServer { _, _ in .refuse(status, headers: headers, body: body) }
        defer { server.stop() }
        let (reason, retryAfter) = try failure("ws://127.0.0.1:\(server.port)/")
        #expect(reason.hasPrefix("127.0.0.1:\(server.port) answers \(says)"), "\(reason)")
        #expect(reason.count < 220)
        #expect(retryAfter == wait.map { .seconds($0) })
    }

    @Test("a refusal that doesn't end is told all the same, and of a page in chunks no lengths")
    func endlessRefusal() throws {
        let head = "HTTP/1.1 502 Bad Gateway\r\nTransfer-Encoding: chunked\r\n\r\n"
        let server = try WebSocketServer { _, _ in .raw(Array("\(head)8\r\nbusy now".utf8)) }
        defer { server.stop() }
        let reason = try failure("ws://127.0.0.1:\(server.port)/").reason
        #expect(reason == "127.0.0.1:\(server.port) answers 502: busy now")
    }

    @Test(
        "what isn't the right answer opens nothing",
        arguments: [
            (.accept(headers: ["Sec-WebSocket-Accept": "bm90IGl0"]), "Sec-WebSocket-Accept is wrong"),
            (.accept(headers: ["Sec-WebSocket-Accept": ""]), "Sec-WebSocket-Accept is wrong"),
            (.accept(headers: ["Upgrade": ""]), "no Upgrade: websocket"),
            (.accept(headers: ["Upgrade": "h2c"]), "no Upgrade: websocket"),
            (.accept(headers: ["Connection": "close"]), "no Connection: Upgrade"),
            (.accept(headers: ["Sec-WebSocket-Extensions": "permessage-deflate"]), "nobody asked for"),
            (.accept(headers: ["Sec-WebSocket-Protocol": "chat"]), "nobody asked for"),
            (.accept(headers: ["X": String(repeating: "x", count: 20_000)]), "too long a head"),
            (.raw(Array("SSH-2.0-OpenSSH_9.2\r\n\r\n".utf8)), "doesn't answer in HTTP"),
        ] as [(WebSocketServer.Opening, String)]
    )
    func wrongAnswer(_ opening: WebSocketServer.Opening, _ says: String) throws {
        let server = try WebSocketServer { _, _ in opening }
        defer { server.stop() }
        let reason = try failure("ws://127.0.0.1:\(server.port)/").reason
        #expect(reason.contains(says), "\(reason)")
    }

    // MARK: - What mustn't be sent

    @Test(
        "a server that breaks the protocol is told so with the right code",
        arguments: [
            (ServerFrame.bytes(1, [1], reserved: 0x40), 1002, "reserved bits"),
            (ServerFrame.bytes(0, [1]), 1002, "continuation"),
            (ServerFrame.bytes(1, [1], isMasked: true), 1002, "masked"),
            (ServerFrame.bytes(9, Array(repeating: 0, count: 126)), 1002, "125"),
            (ServerFrame.bytes(2, [1]), 1003, "binary"),
            (ServerFrame.bytes(1, Array(repeating: 65, count: 10 << 20)), 1009, "more than 1048576 bytes"),
        ] as [([UInt8], UInt16, String)]
    )
    func violation(_ bytes: [UInt8], _ code: UInt16, _ says: String) throws {
        let server = try WebSocketServer()
        defer { server.stop() }
        let (client, peer) = try open(server)
        peer.send("before")
        peer.send(bytes: bytes)
        peer.send("behind")
        client.wait("closed") { !client.isOpen() && peer.hasClosed }
        #expect(client.messages() == ["before"])
        #expect(peer.closeCode == code)
        #expect(client.reasons().first?.contains(says) == true, "\(client.reasons())")
        client.wait("hung up") { !peer.isConnected }
    }

    // MARK: - Alive and dead

    @Test("a server's pings are answered, of a flood only some but the newest")
    func pings() throws {
        let server = try WebSocketServer()
        defer { server.stop() }
        let (client, peer) = try open(server)
        peer.ping([1, 2, 3])
        client.wait("pong") { peer.pongs == [[1, 2, 3]] }
        peer.send(bytes: (0..<100_000).flatMap { _ in ServerFrame.bytes(9, []) } + ServerFrame.bytes(9, [9]))
        client.wait("the newest") { peer.pongs.last == [9] }
        #expect(peer.pongs.count < 5_000)
        #expect(client.isOpen())
    }

    @Test("an idle connection is kept alive by pings, and by anything that comes when the pongs don't")
    func keptAlive() throws {
        let server = try WebSocketServer()
        defer { server.stop() }
        var limits = WebSocketGroup.Limits.patient
        limits.pongTimeout = .seconds(10)
        let (client, peer) = try open(server, limits: limits)
        let start = ContinuousClock.now
        client.wait("pings") { ContinuousClock.now - start > .seconds(12) || !client.isOpen() }
        #expect(client.isOpen() && peer.pings >= 2, "\(client.events)")
        peer.answersPings = false
        let silence = ContinuousClock.now
        client.wait("more pings") {
            peer.send("x")
            return ContinuousClock.now - silence > .seconds(12) || !client.isOpen()
        }
        #expect(client.isOpen(), "\(client.reasons())")
    }

    @Test("a server that has gone without a word is noticed, and hangs nothing up")
    func halfOpen() throws {
        let server = try WebSocketServer()
        defer { server.stop() }
        var limits = WebSocketGroup.Limits.patient
        limits.pongTimeout = .milliseconds(200)
        let (client, peer) = try open(server, limits: limits)
        peer.goSilent()
        client.wait("closed") { !client.isOpen() }
        #expect(client.reasons() == ["nothing came for 0.2 s after a ping: the connection is dead"])
        client.group.connect(0, to: "ws://127.0.0.1:\(server.port)/")
        client.wait("open again") { client.events[0]?.count { $0 == .opened } == 2 }
    }

    @Test("the defaults notice a dead connection within ten seconds")
    func defaults() {
        let limits = WebSocketGroup.Limits()
        #expect(limits.pingInterval + limits.pongTimeout == .seconds(10))
    }

    @Test("a server that takes nothing ends the connection before what waits has grown too large")
    func unsent() throws {
        let server = try WebSocketServer()
        defer { server.stop() }
        var limits = WebSocketGroup.Limits.patient
        limits.unsentBytes = 100_000
        let (client, peer) = try open(server, limits: limits)
        peer.stopReading()
        let text = String(repeating: "x", count: 50_000)
        for _ in 0..<1_000 where client.isOpen() {
            client.group.send(text, on: 0)
            client.take(waiting: .milliseconds(1))
        }
        client.wait("closed") { !client.isOpen() }
        #expect(client.reasons() == ["the server takes nothing: 100000 bytes wait"])
    }

    // MARK: - Back-pressure

    @Test(
        "with a slow taker memory stays bounded, the connection alive, and every message comes",
        arguments: [false, true]
    )
    func slowTaker(_ isSecure: Bool) throws {
        let certificates = try TestCertificates()
        let server = try WebSocketServer(certificates: isSecure ? certificates : nil)
        defer { server.stop() }
        let limit = 256 << 10
        var limits = WebSocketGroup.Limits.patient
        limits.pongTimeout = .seconds(10)
        let client = try WebSocketClient(
            limits: limits,
            certificates: .file(certificates.authority),
            inboxBytes: limit
        )
        client.group.connect(0, to: "\(isSecure ? "wss" : "ws")://localhost:\(server.port)/")
        client.wait("open") { client.isOpen() && server.peer != nil }
        let peer = try #require(server.peer)
        let filling = String(repeating: "x", count: 1000)
        for number in 0..<20_000 { peer.send("\(number) \(filling)") }
        // Longer than a connection lives without a pong.
        Thread.sleep(forTimeInterval: 12)
        client.take()
        #expect(client.largestBatch > limit, "there was more than the inbox takes")
        client.wait("all") { client.messages().count == 20_000 || !client.isOpen() }
        #expect(client.reasons() == [])
        #expect(client.messages().map { $0.prefix { $0 != " " } } == (0..<20_000).map { "\($0)"[...] })
        #expect(client.largestBatch < limit + (512 << 10), "\(client.largestBatch)")
        let before = peer.pings
        client.wait("alive") { peer.pings > before + 1 || !client.isOpen() }
        #expect(client.isOpen())
    }

    // MARK: - All at once

    @Test("whatever happens each attempt has one end, and nothing comes behind it", arguments: 0..<10)
    func trouble(_ seed: UInt64) throws {
        var random = TestSupport.SplitMix64(seed: seed)
        let server = try WebSocketServer { _, number in
            switch number % 7 {
            case 3: .refuse(503, headers: ["Retry-After": "1"], body: "busy")
            case 5: .raw(Array("junk\r\n\r\n".utf8))
            case 6: .silence
            default: .accept(then: ServerFrame.text("hello \(number)"))
            }
        }
        defer { server.stop() }
        let client = try WebSocketClient(limits: .hasty, inboxBytes: 64 << 10)
        var attempts = Array(repeating: 0, count: 5)
        for _ in 0..<300 {
            let number = Int(random.next() % 5)
            switch random.next() % 8 {
            case 0, 1, 2:
                client.group.connect(number, to: "ws://127.0.0.1:\(server.port)/\(number)")
                attempts[number] += 1
            case 3: client.group.disconnect(number)
            case 4: client.group.send("text", on: number)
            case 5: server.peer?.cut()
            case 6: server.peer?.cutInFrame("halved")
            default: for peer in server.peers where peer.isConnected { peer.send(fragments: ["a", "b"]) }
            }
            client.take(waiting: .milliseconds(random.chance(1, in: 3) ? 2 : 0))
        }
        client.group.close()
        client.take()
        for number in 0..<5 {
            #expect(client.reasons(number).count == attempts[number], "seed \(seed)")
            var isOpen = false
            for event in client.events[number] ?? [] {
                switch event {
                case .opened:
                    #expect(!isOpen, "seed \(seed)")
                    isOpen = true
                case .message: #expect(isOpen, "seed \(seed)")
                case .closed: isOpen = false
                }
            }
        }
    }
}
