import NIOCore
import NIOHTTP1
import NIOWebSocket
import Shared

/// The request that opens a WebSocket, and what its answer has to be (RFC 6455, 4). A pure value but for its random key.
struct OpeningHandshake {
    /// The request.
    let request: String
    private let checker: NIOWebSocketClientUpgrader

    /// Makes a request. It asks for no extension: compression would cost a server's and our processor time, and memory that
    /// a small message can blow up, to save bytes that nobody here is short of.
    init(to url: WebSocketURL, userAgent: String) {
        let key = NIOWebSocketClientUpgrader.randomRequestKey()
        checker = NIOWebSocketClientUpgrader(requestKey: key) { channel, _ in
            channel.eventLoop.makeSucceededVoidFuture()
        }
        request = Self.text([
            "GET \(url.target) HTTP/1.1", "Host: \(url.hostHeader)", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Key: \(key)", "Sec-WebSocket-Version: 13", "User-Agent: \(userAgent)",
        ])
    }

    /// The request for a tunnel through a proxy.
    static func tunnelRequest(to url: WebSocketURL, through proxy: WebSocketProxy, userAgent: String) -> String {
        let authorization = proxy.authorization.map { ["Proxy-Authorization: \($0)"] } ?? []
        return text(
            ["CONNECT \(url.authority) HTTP/1.1", "Host: \(url.authority)", "User-Agent: \(userAgent)"] + authorization
        )
    }

    /// What is wrong with an answer with the status 101; nil when the WebSocket is open.
    func problem(of answer: HTTPResponseHead) -> String? {
        let headers = answer.headers
        let has = { (name: String, token: String) in
            headers[canonicalForm: name].contains { $0.lowercased() == token }
        }
        if !has("Upgrade", "websocket") { return "its answer has no Upgrade: websocket" }
        if !has("Connection", "upgrade") { return "its answer has no Connection: Upgrade" }
        if !checker.shouldAllowUpgrade(upgradeResponse: answer) { return "its Sec-WebSocket-Accept is wrong" }
        for name in ["Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol"] {
            if let value = headers.first(name: name), !value.isEmpty {
                return "it uses what nobody asked for, \(name): \(Excerpt.text(value.utf8))"
            }
        }
        return nil
    }

    private static func text(_ lines: [String]) -> String {
        // A line break in a setting must not begin another header.
        lines.map { $0.filter { !$0.isNewline } + "\r\n" }.joined() + "\r\n"
    }
}
