import Logging
import NIOCore
import NIOHTTP1
import Shared

/// One connection of the front door: a request, its answer, and so on; or a stream until either side ends it.
///
/// It holds one answer at most: who sends requests without taking the answers is closed.
final class FrontConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        case waiting
        case answering(keepsOpen: Bool)
        case streaming(StreamReader)
        case closing
    }

    /// How long a client that has its last answer may go on talking: with bytes unread, the kernel would answer them with
    /// a reset, which can take the answer away (RFC 9112, 9.6).
    private static let lingering = TimeAmount.seconds(1)

    private let front: Front
    private var state = State.waiting
    private var deadline: Scheduled<Void>?
    /// Whether the client will say nothing more; it may still read.
    private var isInputClosed = false

    init(front: Front) {
        self.front = front
    }

    func channelActive(context: ChannelHandlerContext) {
        // Who ends his side after a request (`nc -N`) gets the answer.
        try? context.channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
        if let surplus = front.open.add(context.channel) {
            front.faults.report(.crowded, .warning, "too many HTTP connections: closed the longest waiting")
            surplus.close(promise: nil)
        }
        restartClock(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        front.open.remove(context.channel)
        if case .streaming(let reader) = state { front.hub.leave(reader) }
        state = .closing
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let head) = unwrapInboundIn(data) else { return }
        switch state {
        case .waiting: break
        case .answering:
            state = .answering(keepsOpen: false)
            return
        case .streaming:
            context.close(promise: nil)
            return
        case .closing: return
        }
        // A body is not read, so nothing after it can be.
        let length = head.headers.first(name: "content-length") ?? "0"
        let hasBody = length != "0" || head.headers.contains(name: "transfer-encoding")
        // HTTP/1.0 has no persistent connections but by agreement.
        state = .answering(keepsOpen: head.isKeepAlive && head.version == .http1_1 && !hasBody && !isInputClosed)
        restartClock(context)
        answer(head, context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch state {
        case .waiting: break
        case .answering where error is HTTPParserError:
            // What came before it is answered.
            state = .answering(keepsOpen: false)
            return
        case .closing where !(error is IOError): return
        default:
            context.close(promise: nil)
            return
        }
        guard let reason = error as? HTTPParserError else {
            context.close(promise: nil)
            return
        }
        front.faults.report(.request, .info, "closed an HTTP connection: \(reason)")
        state = .answering(keepsOpen: false)
        let isTooLong = reason == .headerOverflow
        let problem = isTooLong ? Problem(431, "the request's headers are too long") : Problem(400, "not HTTP")
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")
        send(Answer(problem), to: head, context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
        isInputClosed = true
        if case .answering = state {
            state = .answering(keepsOpen: false)
        } else {
            context.close(promise: nil)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard case .streaming(let reader) = state, context.channel.isWritable else { return }
        // Not at once: this may be called from within a send to this very reader.
        context.eventLoop.assumeIsolated().execute { [front] in front.hub.catchUp(reader) }
    }

    // MARK: - Answers

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        do throws(Problem) {
            switch head.method {
            case .GET, .HEAD: break
            case .OPTIONS: return sendOptions(context)
            default: throw Problem(405, "only GET, HEAD and OPTIONS")
            }
            switch try Route(target: head.uri, lastEventID: head.headers.first(name: "last-event-id")) {
            case .file(let file): send(front.file(file), to: head, context)
            case .stream(let query) where head.method == .GET: stream(query, to: head, context)
            case .stream: throw Problem(405, "a stream has to be read with GET")
            case .api(let request):
                front.cache.answer(request).assumeIsolated().whenSuccess { [self] answer in
                    send(answer, to: head, context)
                }
            }
        } catch {
            send(Answer(error), to: head, context)
        }
    }

    private func send(_ answer: Answer, to request: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard context.channel.isActive, case .answering(let keepsOpen) = state else { return }
        front.metrics.count(answer.status)
        var headers = front.headers
        headers.add(name: "cache-control", value: answer.cacheControl)
        headers.add(name: "content-type", value: answer.contentType)
        if let tag = answer.tag { headers.add(name: "etag", value: tag) }
        if answer.status == 405 {
            // Of the methods that are known, only HEAD is refused, and only of a stream.
            headers.add(name: "allow", value: request.method == .HEAD ? "GET, OPTIONS" : Front.methods)
        }
        if answer.status == 503 { headers.add(name: "retry-after", value: "1") }
        if !keepsOpen { headers.add(name: "connection", value: "close") }
        if answer.compressed != nil { headers.add(name: "vary", value: "accept-encoding") }
        if let tag = answer.tag, Self.has(tag, request.headers) {
            headers.remove(name: "content-type")
            return send(.notModified, headers, nil, context)
        }
        var body = answer.body
        if let compressed = answer.compressed, ContentCoding.acceptsGzip(request.headers) {
            headers.add(name: "content-encoding", value: "gzip")
            body = compressed
        }
        headers.add(name: "content-length", value: "\(body.readableBytes)")
        send(.init(statusCode: answer.status), headers, request.method == .HEAD ? nil : body, context)
    }

    /// Whether `If-None-Match` names a weak tag, or everything; a client may have taken the `W/` off.
    private static func has(_ tag: String, _ headers: HTTPHeaders) -> Bool {
        headers[canonicalForm: "if-none-match"].contains { $0 == tag || $0 == tag.dropFirst(2) || $0 == "*" }
    }

    private func sendOptions(_ context: ChannelHandlerContext) {
        guard case .answering(let keepsOpen) = state else { return }
        var headers = front.headers
        headers.add(name: "allow", value: Front.methods)
        headers.add(name: "content-length", value: "0")
        if front.allowsOtherOrigins {
            headers.add(name: "access-control-allow-methods", value: Front.methods)
            headers.add(name: "access-control-allow-headers", value: "last-event-id, if-none-match")
            headers.add(name: "access-control-max-age", value: "86400")
        }
        if !keepsOpen { headers.add(name: "connection", value: "close") }
        send(.ok, headers, nil, context)
    }

    private func send(
        _ status: HTTPResponseStatus,
        _ headers: HTTPHeaders,
        _ body: ByteBuffer?,
        _ context: ChannelHandlerContext
    ) {
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if let body { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.assumeIsolated().whenSuccess { [self] in taken(context) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: sent)
    }

    /// The answer has gone to the kernel.
    private func taken(_ context: ChannelHandlerContext) {
        guard case .answering(keepsOpen: true) = state else { return hangUp(context) }
        state = .waiting
        front.open.touch(context.channel)
        restartClock(context)
    }

    /// Says that nothing more will come, and waits a moment for the client to have heard it.
    private func hangUp(_ context: ChannelHandlerContext) {
        state = .closing
        deadline?.cancel()
        guard !isInputClosed else { return context.close(promise: nil) }
        context.close(mode: .output, promise: nil)
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: Self.lingering) { context.close(promise: nil) }
    }

    // MARK: - Streams

    private func stream(_ query: StreamQuery, to request: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let channel = context.channel
        guard let encoder = try? context.pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self) else {
            return context.close(promise: nil)
        }
        // To HTTP/1.0, which knows no chunks, it ends with the connection.
        let isChunked = request.version == .http1_1
        let reader = StreamReader(
            filter: query.filter,
            // Past the encoder: all readers share one chunk, which is framed already.
            send: { chunk in
                encoder.writeAndFlush(NIOAny(isChunked ? chunk : StreamChunk.body(of: chunk)), promise: nil)
            },
            isWritable: { channel.isWritable },
            close: { channel.close(promise: nil) }
        )
        guard front.hub.hasRoom else {
            return send(Answer(Problem.unavailable("too many readers; try again later")), to: request, context)
        }
        front.metrics.count(200)
        deadline?.cancel()
        // It waits for nothing, so it isn't closed for waiting; how many there may be is bounded by the hub.
        front.open.remove(channel)
        var headers = front.headers
        headers.add(name: "cache-control", value: "no-store")
        headers.add(name: "content-type", value: "text/event-stream")
        headers.add(name: "x-accel-buffering", value: "no")
        let head = HTTPResponseHead(version: isChunked ? .http1_1 : .http1_0, status: .ok, headers: headers)
        state = .streaming(reader)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        front.hub.join(reader, after: query)
    }

    private func restartClock(_ context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(front.limits.turn)) { [self] in
            if case .answering = state { front.faults.report(.stalled, .info, "closed a stalled HTTP connection") }
            context.close(promise: nil)
        }
    }
}
