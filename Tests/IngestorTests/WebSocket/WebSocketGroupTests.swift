import Foundation
import Shared
import TestSupport
import Testing

@testable import Ingestor

@Suite("WebSocket connections", .ownThread, .timeLimit(.minutes(5)))
struct WebSocketGroupTests {
    @Test("a connection opens, sends and receives, and closes when it is asked to")
    func plain() throws {
        let server = try WebSocketServer()
        defer { server.stop() }
        let client = try WebSocketClient()
        client.group.connect(7, to: "ws://127.0.0.1:\(server.port)/feed?a=b")
        client.wait("open") { client.isOpen(7) }
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
        client.wait("messages") { client.messages(7).count == 3 && peer.texts.count == 3 }
        #expect(client.messages(7) == ["hello", "", long])
        #expect(peer.texts == ["hello", "", long])
        #expect(peer.unmaskedFrames == 0)
        client.group.disconnect(7)
        client.wait("closed") { !client.isOpen(7) }
        client.wait("the server has heard it") { !peer.isConnected }
        #expect(peer.closeCode == 1001)
        #expect(client.events[7]?.last == .closed("disconnected", retryAfter: nil))
        #expect(client.events[7]?.count == 5)
    }

    @Test("a connection through TLS opens when an authority in the file vouches for the name")
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
    }
}
