import NIOCore
import NIOWebSocket
import Synchronization

/// A client's WebSocket as a ``WebSocketServer`` sees it: what the client has sent, and what to do to it.
public final class WebSocketPeer: Sendable {
    fileprivate struct State {
        var texts: [String] = []
        var pings = 0
        var pongs: [[UInt8]] = []
        var closeCode: UInt16?
        var hasClosed = false
        var isConnected = true
        var unmasked = 0
        var answersPings = true
        var isSilent = false
    }

    /// The request it began with.
    public let request: WebSocketServer.Request
    private let channel: any Channel
    fileprivate let state = Mutex(State())

    init(request: WebSocketServer.Request, channel: any Channel) {
        (self.request, self.channel) = (request, channel)
        channel.closeFuture.whenComplete { [self] _ in state.withLock { $0.isConnected = false } }
    }

    /// The text messages that came.
    public var texts: [String] { state.withLock { $0.texts } }
    /// How many pings came.
    public var pings: Int { state.withLock { $0.pings } }
    /// What the pongs that came say.
    public var pongs: [[UInt8]] { state.withLock { $0.pongs } }
    /// Whether a close frame came.
    public var hasClosed: Bool { state.withLock { $0.hasClosed } }
    /// The code of the close frame that came.
    public var closeCode: UInt16? { state.withLock { $0.closeCode } }
    /// Whether the socket is there.
    public var isConnected: Bool { state.withLock { $0.isConnected } }
    /// How many frames weren't masked, as a client's have to be.
    public var unmaskedFrames: Int { state.withLock { $0.unmasked } }

    /// Whether it answers pings.
    public var answersPings: Bool {
        get { state.withLock { $0.answersPings } }
        set { state.withLock { $0.answersPings = newValue } }
    }

    /// Sends a text message.
    public func send(_ text: String) { send(bytes: ServerFrame.text(text)) }

    /// Sends bytes as they are.
    public func send(bytes: [UInt8]) { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }

    /// Sends a text message in fragments.
    public func send(fragments: [String]) {
        for (index, text) in fragments.enumerated() {
            let isFinal = index == fragments.count - 1
            send(bytes: ServerFrame.bytes(index == 0 ? 1 : 0, Array(text.utf8), isFinal: isFinal))
        }
    }

    /// Sends a ping.
    public func ping(_ payload: [UInt8] = []) { send(bytes: ServerFrame.bytes(9, payload)) }

    /// Sends a close frame, and leaves the socket as it is; the client's answer ends it.
    public func close(_ code: UInt16, _ reason: String = "") { send(bytes: ServerFrame.close(code, reason)) }

    /// Ends the socket without a word.
    public func cut() { channel.close(promise: nil) }

    /// Sends the first half of a message's frame and ends the socket.
    public func cutInFrame(_ text: String) {
        let frame = ServerFrame.text(text)
        channel.writeAndFlush(ByteBuffer(bytes: frame.prefix(frame.count / 2)))
            .whenComplete { [channel] _ in channel.close(promise: nil) }
    }

    /// Leaves in the kernel what comes from now on, so that the client can't send for ever.
    public func stopReading() { channel.setOption(.autoRead, value: false).whenComplete { _ in } }

    /// Says and hears nothing from now on, as behind a cable that was pulled: the socket stays.
    public func goSilent() { state.withLock { $0.isSilent = true } }
}

/// Takes a client's frames.
final class PeerHandler: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let peer: WebSocketPeer

    init(_ peer: WebSocketPeer) {
        self.peer = peer
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if peer.state.withLock({ $0.isSilent }) { return promise?.succeed() ?? () }
        context.write(data, promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        let payload = Array(frame.unmaskedData.readableBytesView)
        let answer = peer.state.withLock { state -> [UInt8]? in
            guard !state.isSilent else { return nil }
            if frame.maskKey == nil { state.unmasked += 1 }
            switch frame.opcode {
            case .text: state.texts.append(String(decoding: payload, as: UTF8.self))
            case .ping:
                state.pings += 1
                return state.answersPings ? ServerFrame.bytes(10, payload) : nil
            case .pong: state.pongs.append(payload)
            case .connectionClose:
                state.hasClosed = true
                if payload.count >= 2 { state.closeCode = UInt16(payload[0]) << 8 | UInt16(payload[1]) }
                return ServerFrame.bytes(8, Array(payload.prefix(2)))
            default: break
            }
            return nil
        }
        guard let answer else { return }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: answer)), promise: nil)
        if frame.opcode == .connectionClose { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
