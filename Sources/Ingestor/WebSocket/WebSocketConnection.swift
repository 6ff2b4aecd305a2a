import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOTLS
import NIOWebSocket
import Shared

/// One attempt to have a connection, from the name's lookup to the last byte. It belongs to the event loop.
///
/// It has one `closed` to give, and gives it as soon as it knows: what happens to the socket afterwards has no name any more.
final class WebSocketConnection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        case connecting
        case tunnelling
        case securing
        case opening
        /// The server said no; the start of its page may say why.
        case refused
        case open
        /// `closed` is said; the other side has a moment to hang up.
        case closed
    }

    private let number: Int
    private let owner: WebSocketConnections
    private let limits: WebSocketGroup.Limits
    private var url: WebSocketURL?
    private var proxy: WebSocketProxy?
    private var handshake: OpeningHandshake?
    private var lookup: NameLookup?
    private var context: ChannelHandlerContext?
    private var state = State.connecting
    private var answers: AnswerReader
    private var refusal: HTTPRefusal?
    private var frames: FrameReader
    private var deadline: Scheduled<Void>?
    /// When the first ping was sent that nothing has come after.
    private var unanswered: NIODeadline?
    /// NIO wants to read, and the inbox is full.
    private var isHeld = false

    init(_ number: Int, of owner: WebSocketConnections) {
        (self.number, self.owner) = (number, owner)
        limits = owner.setup.limits
        answers = AnswerReader(limit: limits.headerBytes)
        frames = FrameReader(connection: number, limit: limits.messageBytes)
    }

    // MARK: - Asked for

    func connect(to text: String) {
        guard let url = WebSocketURL(text) else {
            return finish("\(MaskedURL.withoutUser(text)) is no URL of a WebSocket")
        }
        self.url = url
        proxy = owner.setup.proxies.proxy(for: url)
        let lookup = NameLookup(on: owner.loop, queue: owner.setup.lookups)
        self.lookup = lookup
        after(limits.handshakeTimeout) { $0.giveUp() }
        ClientBootstrap(group: owner.loop)
            .resolver(lookup)
            .connectTimeout(TimeAmount(limits.handshakeTimeout))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.writeBufferWaterMark, value: .init(low: limits.unsentBytes / 2, high: limits.unsentBytes))
            .connect(host: proxy?.host ?? url.host, port: proxy?.port ?? url.port)
            .assumeIsolated()
            .whenComplete { [self] result in
                switch result {
                case .success(let channel): connected(channel)
                case .failure(let error): finish("\(peer): \(ConnectFailure.text(error))")
                }
            }
    }

    func send(_ text: String) {
        guard state == .open, let context else { return }
        guard context.channel.isWritable else {
            return finish("the server takes nothing: \(limits.unsentBytes) bytes wait")
        }
        write(ClientFrame.bytes(.text, text.utf8), context)
    }

    func disconnect(because reason: String) {
        finish(reason, farewell: ClientFrame.close(1001))
    }

    func readAgain() {
        guard isHeld else { return }
        isHeld = false
        // What came meanwhile wasn't read: the time it has to say something begins anew.
        unanswered = nil
        context?.read()
    }

    // MARK: - Opening

    private func connected(_ channel: any Channel) {
        guard state == .connecting else { return channel.close(promise: nil) }
        lookup = nil
        do {
            try channel.pipeline.syncOperations.addHandler(self)
        } catch {
            finish("\(error)")
            channel.close(promise: nil)
        }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        guard let url, let proxy else { return secure(context) }
        state = .tunnelling
        let request = OpeningHandshake.tunnelRequest(to: url, through: proxy, userAgent: owner.setup.userAgent)
        write(ByteBuffer(string: request), context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    private func secure(_ context: ChannelHandlerContext) {
        guard let url, url.isSecure else { return open(context) }
        guard url.serverName != nil || proxy == nil else {
            // NIO compares such a certificate with the address of the socket, and that is the proxy's.
            return finish("behind a proxy a host has to be named: the certificate of \(url.host) can't be checked")
        }
        state = .securing
        do {
            let handler = try NIOSSLClientHandler(context: owner.setup.tls, serverHostname: url.serverName)
            try context.pipeline.syncOperations.addHandler(handler, position: .before(self))
        } catch {
            finish("\(peer): \(ConnectFailure.text(error))")
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if state == .securing, case TLSUserEvent.handshakeCompleted = event { secured(context) }
        context.fireUserInboundEventTriggered(event)
    }

    private func secured(_ context: ChannelHandlerContext) {
        if let name = url?.serverName {
            let certificate = try? context.pipeline.syncOperations.nioSSL_peerCertificate()
            guard let certificate, CertificateNames.of(certificate, include: name) else { return refuseName() }
        }
        open(context)
    }

    private func refuseName() {
        finish("\(peer): its certificate is not for \(url?.serverName ?? url?.host ?? "")")
    }

    private func open(_ context: ChannelHandlerContext) {
        guard let url else { return }
        let handshake = OpeningHandshake(to: url, userAgent: owner.setup.userAgent)
        self.handshake = handshake
        state = .opening
        write(ByteBuffer(string: handshake.request), context)
    }

    private func opened(_ context: ChannelHandlerContext) {
        deadline?.cancel()
        handshake = nil
        state = .open
        enter(.opened)
        after(limits.pingInterval) { $0.ping() }
    }

    private func giveUp() {
        let step =
            switch state {
            case .connecting: "connecting"
            case .tunnelling: "the proxy's answer"
            case .securing: "the TLS handshake"
            default: "the opening handshake"
            }
        finish("\(peer): \(step) took longer than \(limits.handshakeTimeout.inSeconds)")
    }

    /// Whom it talks to, for a reason.
    private var peer: String {
        switch state {
        case .connecting, .tunnelling: proxy.map { "the proxy \($0.name)" } ?? url?.authority ?? ""
        default: url?.authority ?? ""
        }
    }

    // MARK: - Reading

    func read(context: ChannelHandlerContext) {
        if state == .open, owner.isHeld {
            isHeld = true
        } else {
            context.read()
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        unanswered = nil
        if state == .tunnelling || state == .opening {
            do throws(AnswerReader.Fault) {
                guard let answer = try answers.read(&buffer) else { return }
                take(answer, context)
            } catch {
                return finish(
                    "\(peer) \(error == .tooLong ? "answers with too long a head" : "doesn't answer in HTTP")"
                )
            }
        }
        // What stands behind the answer came in the same piece.
        guard buffer.readableBytes > 0 else { return }
        switch state {
        case .open: take(buffer, context)
        case .refused:
            refusal?.read(&buffer)
            if refusal?.isComplete == true { refuse() }
        case .securing, .opening: finish("\(peer): the proxy said more than it was asked")
        case .connecting, .tunnelling, .closed: break
        }
    }

    private func take(_ answer: HTTPResponseHead, _ context: ChannelHandlerContext) {
        if state == .tunnelling {
            guard answer.status.code / 100 == 2 else { return finish("\(peer) answers \(answer.status.code)") }
            return secure(context)
        }
        guard answer.status == .switchingProtocols else {
            state = .refused
            let refusal = HTTPRefusal(answer)
            self.refusal = refusal
            return refusal.isComplete ? refuse() : after(limits.closeTimeout) { $0.refuse() }
        }
        if let problem = handshake?.problem(of: answer) {
            return finish("\(peer) opens no WebSocket: \(problem)")
        }
        opened(context)
    }

    /// Says what the server's refusal was, with as much of its page as has come.
    private func refuse() {
        guard let response = refusal?.response else { return }
        let excerpt = response.excerpt
        finish(
            "\(peer) answers \(response.status)\(excerpt.isEmpty ? "" : ": \(excerpt)")",
            retryAfter: RetryAfter.wait(in: response, wall: .now(), cap: limits.retryAfterCap)
        )
    }

    private func take(_ buffer: ByteBuffer, _ context: ChannelHandlerContext) {
        let end = owner.append { batch in
            buffer.withUnsafeReadableBytes { bytes in
                frames.read(bytes.bindMemory(to: UInt8.self).span, into: &batch)
            }
        }
        if let ping = frames.ping, context.channel.isWritable { write(ClientFrame.bytes(.pong, ping), context) }
        frames.ping = nil
        if let end { finish(end.reason, farewell: ClientFrame.close(end.code)) }
    }

    // MARK: - The end

    func channelInactive(context: ChannelHandlerContext) {
        switch state {
        case .refused: refuse()
        case .open:
            finish("the connection was cut\(frames.isBetweenMessages ? "" : " in the middle of a message")")
        default: finish("\(peer) hung up")
        }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case NIOSSLError.uncleanShutdown = error {
            // The socket was closed without TLS's farewell, and `channelInactive` follows.
            return
        }
        if let error = error as? NIOSSLExtraError, error == .failedToValidateHostname { return refuseName() }
        finish("\(peer): \(ConnectFailure.text(error))")
    }

    private func ping() {
        guard state == .open, let context else { return }
        if isHeld {
            // What waits in the kernel while nobody reads may be the pong.
            unanswered = nil
        } else if let unanswered, NIODeadline.now() - unanswered >= TimeAmount(limits.pongTimeout) {
            return finish("nothing came for \(limits.pongTimeout.inSeconds) after a ping: the connection is dead")
        } else {
            unanswered = unanswered ?? .now()
            if context.channel.isWritable { write(ClientFrame.bytes(.ping, []), context) }
        }
        after(limits.pingInterval) { $0.ping() }
    }

    /// Says `closed`, once, and ends the socket.
    /// - Parameter farewell: a close frame, for which the other side has a moment; nil cuts it at once.
    private func finish(_ reason: String, retryAfter: Duration? = nil, farewell: ByteBuffer? = nil) {
        if state == .closed { return }
        let wasOpen = state == .open
        state = .closed
        deadline?.cancel()
        deadline = nil
        lookup?.cancelQueries()
        lookup = nil
        enter(.closed(reason: reason, retryAfter: retryAfter))
        owner.forget(number)
        guard let context else { return }
        guard wasOpen, let farewell else { return context.close(promise: nil) }
        write(farewell, context)
        after(limits.closeTimeout) { $0.context?.close(promise: nil) }
    }

    private func enter(_ kind: FeedBatch.Entry.Kind) {
        owner.append { $0.entries.append(FeedBatch.Entry(connection: number, kind: kind)) }
    }

    private func write(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    /// Does something later, in place of what was to be done later before.
    private func after(_ delay: Duration, _ body: @escaping (WebSocketConnection) -> Void) {
        deadline?.cancel()
        deadline = owner.loop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) { [self] in body(self) }
    }
}
