import Logging
import NIOCore
import NIOHTTP1

/// One connection of the endpoints: a request, its answer, and so on until either side has enough.
///
/// It holds one answer at most: who sends requests without taking the answers is closed.
final class HealthConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        case waiting
        case answering
        /// After the answer under way, or at once.
        case closing
    }

    private let endpoints: HealthEndpoints
    private let limits: HTTPLimits
    private let faults: HTTPFaults
    private let open: OpenConnections
    private var state = State.waiting
    private var deadline: Scheduled<Void>?

    init(endpoints: HealthEndpoints, limits: HTTPLimits, faults: HTTPFaults, open: OpenConnections) {
        self.endpoints = endpoints
        self.limits = limits
        self.faults = faults
        self.open = open
    }

    func channelActive(context: ChannelHandlerContext) {
        if let surplus = open.add(context.channel) {
            faults.report(.crowded, .warning, "over \(limits.connections) HTTP connections: closed the longest waiting")
            surplus.close(promise: nil)
        }
        restartClock(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        open.remove(context.channel)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let head) = unwrapInboundIn(data) else { return }
        guard state == .waiting else {
            state = .closing
            return
        }
        let answer = endpoints.answer(method: head.method.rawValue, target: head.uri)
        // A body is not read, so nothing after it can be.
        let length = head.headers.first(name: "content-length") ?? "0"
        let hasBody = length != "0" || head.headers.contains(name: "transfer-encoding")
        send(answer, head.method == .HEAD, keepsOpen: head.isKeepAlive && !hasBody, context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let reason = error as? HTTPParserError, state == .waiting else {
            context.close(promise: nil)
            return
        }
        faults.report(.request, .info, "closed an HTTP connection: \(reason)")
        let isTooLong = reason == .headerOverflow
        let answer = HealthEndpoints.Answer.text(isTooLong ? 431 : 400, isTooLong ? "too long\n" : "not HTTP\n")
        send(answer, false, keepsOpen: false, context)
    }

    private func send(
        _ answer: HealthEndpoints.Answer,
        _ withoutBody: Bool,
        keepsOpen: Bool,
        _ context: ChannelHandlerContext
    ) {
        state = keepsOpen ? .answering : .closing
        open.touch(context.channel)
        restartClock(context)
        let bytes = context.channel.allocator.buffer(string: answer.body)
        var headers = HTTPHeaders([("content-type", answer.contentType), ("content-length", "\(bytes.readableBytes)")])
        if answer.status == 405 { headers.add(name: "allow", value: "GET, HEAD") }
        if !keepsOpen { headers.add(name: "connection", value: "close") }
        let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: answer.status), headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !withoutBody { context.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil) }
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.assumeIsolated().whenSuccess { [self] in taken(context) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: sent)
    }

    /// The answer has gone to the kernel.
    private func taken(_ context: ChannelHandlerContext) {
        guard state == .answering else {
            context.close(promise: nil)
            return
        }
        state = .waiting
        open.touch(context.channel)
        restartClock(context)
    }

    private func restartClock(_ context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limits.turn)) {
            context.close(promise: nil)
        }
    }
}
