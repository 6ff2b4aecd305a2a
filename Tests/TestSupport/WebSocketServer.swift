import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket
import Synchronization

/// A WebSocket server on loopback that does what a test says, also what no server should do.
///
/// Everything may be called from any thread, and nothing waits but ``init(port:certificates:opening:)`` and ``stop()``.
public final class WebSocketServer: Sendable {
    /// The request that a client opens with.
    public struct Request: Sendable {
        /// Path and query.
        public var target: String
        /// Its headers by name in lower case.
        public var headers: [String: String]
    }

    /// What becomes of a request.
    public enum Opening: Sendable {
        /// It is a WebSocket.
        /// - Parameters:
        ///   - headers: take the place of those of a right answer; an empty value leaves one out.
        ///   - then: bytes of frames that go with the answer in one piece.
        case accept(headers: [String: String] = [:], then: [UInt8] = [])
        /// Another answer, after which the connection ends.
        case refuse(Int, headers: [String: String] = [:], body: String = "")
        /// These bytes.
        case raw([UInt8])
        /// Nothing: neither an answer nor an end.
        case silence
    }

    /// Enough threads that a connection which has much to do holds up few others.
    private static let loops = MultiThreadedEventLoopGroup(numberOfThreads: 8)

    /// Where it listens.
    public let port: Int
    private let channel: any Channel
    private let log: PeerLog

    /// The connections that have become WebSockets, in their order, also those that have ended.
    public var peers: [WebSocketPeer] { log.peers }

    /// The newest of them that is still there.
    public var peer: WebSocketPeer? { peers.last { $0.isConnected } }

    /// The requests so far, also those that were refused.
    public var requests: [Request] { log.requests }

    /// Starts listening; blocks until it does.
    /// - Parameters:
    ///   - port: 0 takes a free one.
    ///   - certificates: with them it speaks TLS.
    ///   - opening: called for each request, with its number from 0.
    public init(
        port: Int = 0,
        certificates: TestCertificates? = nil,
        opening: @escaping @Sendable (Request, Int) -> Opening = { _, _ in .accept() }
    ) throws {
        let log = PeerLog()
        let tls = try certificates.map { try Self.tls($0) }
        channel = try ServerBootstrap(group: Self.loops)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
                    let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes)
                    try pipeline.addHandler(ByteToMessageHandler(decoder), name: "http")
                    try pipeline.addHandler(OpeningHandler(log: log, opening: opening), name: "opening")
                    log.add(channel)
                }
            }
            .bind(host: "127.0.0.1", port: port).wait()
        self.log = log
        self.port = channel.localAddress?.port ?? 0
    }

    /// Stops listening and cuts all connections; blocks until nobody listens on the port any more.
    public func stop() {
        try? channel.close().wait()
        log.cutAll()
    }

    private static func tls(_ certificates: TestCertificates) throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMFile(certificates.certificate).map {
            NIOSSLCertificateSource.certificate($0)
        }
        let key = try NIOSSLPrivateKey(file: certificates.key, format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain,
            privateKey: .privateKey(key)
        )
        configuration.shutdownTimeout = .milliseconds(100)
        return try NIOSSLContext(configuration: configuration)
    }
}

/// What a server has seen.
private final class PeerLog: Sendable {
    private struct Seen {
        var peers: [WebSocketPeer] = []
        var requests: [WebSocketServer.Request] = []
        var channels: [ObjectIdentifier: any Channel] = [:]
    }

    private let seen = Mutex(Seen())

    var peers: [WebSocketPeer] { seen.withLock { $0.peers } }
    var requests: [WebSocketServer.Request] { seen.withLock { $0.requests } }

    func add(_ peer: WebSocketPeer) {
        seen.withLock { $0.peers.append(peer) }
    }

    func add(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        seen.withLock { $0.channels[id] = channel }
        channel.closeFuture.whenComplete { [self] _ in
            _ = seen.withLock { $0.channels.removeValue(forKey: id) }
        }
    }

    /// - Returns: how many there were before.
    func add(_ request: WebSocketServer.Request) -> Int {
        seen.withLock { seen in
            seen.requests.append(request)
            return seen.requests.count - 1
        }
    }

    func cutAll() {
        for channel in seen.withLock({ Array($0.channels.values) }) { channel.close(promise: nil) }
    }
}

/// Asks the test what becomes of a request, and does it.
private final class OpeningHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    private let log: PeerLog
    private let opening: @Sendable (WebSocketServer.Request, Int) -> WebSocketServer.Opening
    private var head: HTTPRequestHead?

    init(log: PeerLog, opening: @escaping @Sendable (WebSocketServer.Request, Int) -> WebSocketServer.Opening) {
        (self.log, self.opening) = (log, opening)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end: if let head { answer(head, context) }
        }
    }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let headers = Dictionary(head.headers.map { ($0.name.lowercased(), $0.value) }) { first, _ in first }
        let request = WebSocketServer.Request(target: head.uri, headers: headers)
        switch opening(request, log.add(request)) {
        case .accept(let headers, let then): accept(head, request, headers, then, context)
        case .refuse(let status, let headers, let body):
            var all = ["content-length": "\(body.utf8.count)"]
            for (name, value) in headers { all[name.lowercased()] = value }
            let sent = context.eventLoop.makePromise(of: Void.self)
            sent.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
            write(Self.head("\(status) Scripted", all) + body, context, sent)
        case .raw(let bytes): context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
        case .silence: break
        }
    }

    private func accept(
        _ head: HTTPRequestHead,
        _ request: WebSocketServer.Request,
        _ changed: [String: String],
        _ then: [UInt8],
        _ context: ChannelHandlerContext
    ) {
        let upgrader = NIOWebSocketServerUpgrader(
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture([:]) },
            upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() }
        )
        upgrader.buildUpgradeResponse(channel: context.channel, upgradeRequest: head, initialResponseHeaders: [:])
            .assumeIsolated()
            .whenComplete { [self] result in
                guard case .success(let right) = result else { return context.close(promise: nil) }
                var all = ["upgrade": "websocket", "connection": "Upgrade"]
                for (name, value) in right { all[name.lowercased()] = value }
                for (name, value) in changed { all[name.lowercased()] = value }
                let peer = WebSocketPeer(request: request, channel: context.channel)
                let pipeline = context.pipeline.syncOperations
                try? pipeline.addHandler(ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: 16 << 20)))
                try? pipeline.addHandler(PeerHandler(peer))
                // Before the answer: a client that is open has a peer.
                log.add(peer)
                context.writeAndFlush(
                    wrapOutboundOut(ByteBuffer(bytes: Array(Self.head("101 Scripted", all).utf8) + then)),
                    promise: nil
                )
                pipeline.removeHandler(name: "http", promise: nil)
                pipeline.removeHandler(context: context, promise: nil)
            }
    }

    private func write(_ text: String, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: promise)
    }

    private static func head(_ status: String, _ headers: [String: String]) -> String {
        "HTTP/1.1 \(status)\r\n"
            + headers.filter { !$0.value.isEmpty }.map { "\($0.key): \($0.value)\r\n" }.joined() + "\r\n"
    }
}
