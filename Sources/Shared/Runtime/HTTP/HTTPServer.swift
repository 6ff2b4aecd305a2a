import Logging
import NIOCore
import NIOPosix
import Synchronization

/// An HTTP port with a thread of its own.
///
/// Strangers cost no more than ``HTTPLimits`` allow. What goes wrong after the start is counted, logged and mended: a
/// connection that can't be taken is tried again after a second, a port that is lost is listened on again.
public final class HTTPServer: Sendable {
    /// The port it listens on, also when 0 was asked for.
    public let port: Int
    private let address: HTTPAddress
    private let listener: HTTPListener
    private let logger: Logger
    private let isStopping = Atomic(false)

    /// The one thread that a port has.
    public static func makeGroup() -> MultiThreadedEventLoopGroup {
        MultiThreadedEventLoopGroup(numberOfThreads: 1)
    }

    /// Starts listening.
    /// - Throws: ``HTTPServerError`` if the port cannot be had.
    static func start(
        at address: HTTPAddress,
        limits: HTTPLimits,
        faults: HTTPFaults,
        logger: Logger,
        handler: @escaping @Sendable () -> any ChannelHandler
    ) async throws(HTTPServerError) -> HTTPServer {
        let listener = HTTPListener(group: makeGroup(), limits: limits, faults: faults, handler: handler)
        do {
            return HTTPServer(try await listener.bind(address).get(), address, listener, logger)
        } catch {
            try? await listener.group.shutdownGracefully()
            throw HTTPServerError(address: address, cause: error)
        }
    }

    /// Starts listening; blocks the calling thread, which must be no event loop's, until it does.
    /// - Parameters:
    ///   - group: from ``makeGroup()``; it is shut down with the server, also when this throws.
    ///   - handler: makes what answers the requests of one connection; called on the group's event loop.
    /// - Throws: ``HTTPServerError`` if the port cannot be had.
    public static func startBlocking(
        at address: HTTPAddress,
        on group: MultiThreadedEventLoopGroup,
        limits: HTTPLimits,
        faults: HTTPFaults,
        logger: Logger,
        handler: @escaping @Sendable () -> any ChannelHandler
    ) throws(HTTPServerError) -> HTTPServer {
        let listener = HTTPListener(group: group, limits: limits, faults: faults, handler: handler)
        do {
            return HTTPServer(try listener.bind(address).wait(), address, listener, logger)
        } catch {
            try? group.syncShutdownGracefully()
            throw HTTPServerError(address: address, cause: error)
        }
    }

    private init(_ channel: any Channel, _ address: HTTPAddress, _ listener: HTTPListener, _ logger: Logger) {
        (self.address, self.listener, self.logger) = (address, listener, logger)
        port = channel.localAddress?.port ?? address.port
        watch(channel)
    }

    /// Stops listening and ends the connections.
    func stop() async {
        isStopping.store(true, ordering: .releasing)
        try? await listener.group.shutdownGracefully()
    }

    /// Stops listening and ends the connections; blocks until that is done.
    public func stopBlocking() {
        isStopping.store(true, ordering: .releasing)
        try? listener.group.syncShutdownGracefully()
    }

    private func watch(_ channel: any Channel) {
        channel.closeFuture.whenComplete { [self] _ in
            guard !isStopping.load(ordering: .acquiring) else { return }
            listener.faults.report(.listen, .error, "lost the HTTP port \(port), listening again soon")
            listenAgain()
        }
    }

    private func listenAgain() {
        let soon = TimeAmount(listener.limits.listenAgain)
        let bound = listener.group.next().flatScheduleTask(in: soon) { [self] in
            listener.bind(HTTPAddress(address.setting, host: address.host, port: port))
        }
        bound.futureResult.whenComplete { [self] result in
            switch result {
            case .success(let channel):
                logger.notice("listening on the HTTP port \(port) again")
                watch(channel)
            case .failure(let error):
                guard !isStopping.load(ordering: .acquiring) else { return }
                listener.faults.report(.listen, .error, "\(HTTPServerError(address: address, cause: error))")
                listenAgain()
            }
        }
    }
}
