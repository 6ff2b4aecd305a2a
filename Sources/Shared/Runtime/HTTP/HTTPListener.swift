import Logging
import NIOCore
import NIOHTTP1
import NIOPosix

/// Takes connections for an HTTP port; asked again for the same port when that is lost.
struct HTTPListener: Sendable {
    let group: MultiThreadedEventLoopGroup
    let limits: HTTPLimits
    let faults: HTTPFaults
    /// Makes the handler of one connection, on the connection's event loop.
    let handler: @Sendable () -> any ChannelHandler

    /// Listens.
    func bind(_ address: HTTPAddress) -> EventLoopFuture<any Channel> {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: limits.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    // Without descriptors left, for example, it tries again after a second.
                    let handlers: [any ChannelHandler] = [AcceptBackoffHandler(), AcceptFaultHandler(faults: faults)]
                    try channel.pipeline.syncOperations.addHandlers(handlers)
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.socketOption(.so_sndbuf), value: limits.sendBuffer)
            .childChannelOption(.writeBufferWaterMark, value: limits.waterMark)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let decoder = HTTPRequestDecoder(limitConfiguration: limits.decoder)
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(HTTPResponseEncoder())
                    try pipeline.addHandler(ByteToMessageHandler(decoder))
                    try pipeline.addHandler(handler())
                }
            }
            .bind(host: address.host, port: address.port)
    }
}

/// Says why connections can't be taken.
private final class AcceptFaultHandler: ChannelInboundHandler {
    typealias InboundIn = any Channel
    private let faults: HTTPFaults

    init(faults: HTTPFaults) {
        self.faults = faults
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        faults.report(.accept, .error, "cannot take an HTTP connection: \(error)")
    }
}
