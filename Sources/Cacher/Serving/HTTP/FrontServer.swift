import Logging
import NIOCore
import NIOPosix
import Shared

/// The front door: its port, and the way for other threads to what its connections share.
final class FrontServer: Sendable {
    /// The port it listens on.
    let port: Int
    private let server: HTTPServer
    private let loop: any EventLoop
    private let front: NIOLoopBound<Front>

    /// Starts listening; blocks for a moment.
    /// - Throws: ``HTTPServerError`` if the port cannot be had.
    static func start(
        settings: ServeSettings,
        reader: MarketReader,
        counts: FrontCounts,
        logger: Logger
    ) throws -> FrontServer {
        let group = HTTPServer.makeGroup()
        let loop = group.next()
        let front = try loop.submit {
            let front = Front(on: loop, settings: settings, reader: reader, counts: counts)
            front.startBeating()
            return NIOLoopBound(front, eventLoop: loop)
        }.wait()
        let server = try HTTPServer.startBlocking(
            at: settings.address,
            on: group,
            limits: settings.limits,
            faults: counts.faults,
            logger: logger
        ) { FrontConnection(front: front.value) }
        return FrontServer(server, loop, front)
    }

    private init(_ server: HTTPServer, _ loop: any EventLoop, _ front: NIOLoopBound<Front>) {
        (self.server, self.loop, self.front, port) = (server, loop, front, server.port)
    }

    /// Hands updates over and waits until they are taken: so there is never more than one batch on the way.
    func take(_ updates: [StreamUpdate]) {
        try? loop.submit { [front] in front.value.take(updates) }.wait()
    }

    /// Tells all readers that updates may be missing.
    func reset(_ reason: String) {
        try? loop.submit { [front] in front.value.hub.reset(reason) }.wait()
    }

    /// Stops listening and ends the connections; blocks until that is done.
    func stop() {
        server.stopBlocking()
    }
}
