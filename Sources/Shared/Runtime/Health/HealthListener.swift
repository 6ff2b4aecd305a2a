import Logging
import NIOCore
import NIOHTTP1
import NIOPosix

/// Takes connections for the endpoints; asked again for the same port when that is lost.
struct HealthListener: Sendable {
    let group: MultiThreadedEventLoopGroup
    let endpoints: HealthEndpoints
    let limits: HTTPLimits
    let faults: HTTPFaults
    let open: OpenConnections

    /// Listens.
    func bind(host: String, port: Int) -> EventLoopFuture<any Channel> {
        ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    // Without descriptors left, for example, it tries again after a second.
                    let handlers: [any ChannelHandler] = [AcceptBackoffHandler(), AcceptFaultHandler(faults: faults)]
                    try channel.pipeline.syncOperations.addHandlers(handlers)
                }
            }
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let decoder = HTTPRequestDecoder(limitConfiguration: limits.decoder)
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(HTTPResponseEncoder())
                    try pipeline.addHandler(ByteToMessageHandler(decoder))
                    try pipeline.addHandler(
                        HealthConnection(endpoints: endpoints, limits: limits, faults: faults, open: open)
                    )
                }
            }
            .bind(host: host, port: port)
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
