import Logging
import NIOCore
import NIOPosix
import Synchronization

/// The HTTP endpoints of a service: `/healthz`, `/readyz` and `/metrics`, on a thread of their own.
///
/// Strangers cost no more than ``HTTPLimits`` allow. What goes wrong after the start is counted, logged and mended: a
/// connection that can't be taken is tried again after a second, a port that is lost is listened on again.
final class HealthServer: Sendable {
    /// The port it listens on, also when 0 was asked for.
    let port: Int
    private let host: String
    private let listener: HealthListener
    private let logger: Logger
    private let isStopping = Atomic(false)

    /// Starts listening.
    /// - Throws: ``HealthServerError`` if the port cannot be had.
    static func start(
        host: String,
        port: Int,
        endpoints: HealthEndpoints,
        limits: HTTPLimits = HTTPLimits(),
        logger: Logger = Logger(label: "http")
    ) async throws(HealthServerError) -> HealthServer {
        let listener = HealthListener(
            group: MultiThreadedEventLoopGroup(numberOfThreads: 1),
            endpoints: endpoints,
            limits: limits,
            faults: HTTPFaults(logger: logger, registry: endpoints.registry),
            open: OpenConnections(limit: limits.connections)
        )
        do {
            let channel = try await listener.bind(host: host, port: port).get()
            let server = HealthServer(host, channel.localAddress?.port ?? port, listener, logger)
            server.watch(channel)
            return server
        } catch {
            try? await listener.group.shutdownGracefully()
            throw HealthServerError(host: host, port: port, cause: error)
        }
    }

    private init(_ host: String, _ port: Int, _ listener: HealthListener, _ logger: Logger) {
        (self.host, self.port, self.listener, self.logger) = (host, port, listener, logger)
    }

    /// Stops listening and ends the connections.
    func stop() async {
        isStopping.store(true, ordering: .releasing)
        try? await listener.group.shutdownGracefully()
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
        let bound = listener.group.next().flatScheduleTask(in: soon) { [self] in listener.bind(host: host, port: port) }
        bound.futureResult.whenComplete { [self] result in
            switch result {
            case .success(let channel):
                logger.notice("listening on the HTTP port \(port) again")
                watch(channel)
            case .failure(let error):
                guard !isStopping.load(ordering: .acquiring) else { return }
                let reason = HealthServerError(host: host, port: port, cause: error)
                listener.faults.report(.listen, .error, "\(reason)")
                listenAgain()
            }
        }
    }
}
