import Glibc
import Logging
import NIOCore
import Shared

/// Redis -> HTTP: answers questions, and sends what changes to those who read a stream.
///
/// Three threads: this one listens to Redis' channels (``RedisFeed``), one asks Redis (``MarketReader``), and one has all
/// connections (``Front``).
public struct ServePipeline: Pipeline {
    private let settings: ServeSettings
    private let readiness: Readiness
    private let logger = Logger(label: "cacher")

    /// Makes the pipeline; nothing is connected yet.
    public init(settings: ServeSettings, readiness: Readiness) {
        (self.settings, self.readiness) = (settings, readiness)
    }

    /// Runs on the calling thread until it is asked to stop.
    /// - Throws: ``HTTPServerError`` if the port cannot be had; ``RedisError`` if Redis refuses us for good.
    public func run(stop: StopSignal) throws {
        let traffic = StreamTraffic()
        let metrics = ServeMetrics(traffic: traffic)
        let faults = HTTPFaults("tickline_serve_http_faults_total", logger: logger, registry: .shared)
        let reader = MarketReader(settings: settings, traffic: traffic, metrics: metrics)
        DescriptorLimit.raise(to: settings.limits.connections + settings.readers + 64, logger: logger)
        let counts = FrontCounts(faults: faults, metrics: metrics, traffic: traffic)
        let server = try FrontServer.start(settings: settings, reader: reader, counts: counts, logger: logger)
        logger.info(
            "the page is at http://\(settings.address.host):\(server.port)/",
            metadata: ["front_port": "\(server.port)"]
        )
        defer { server.stop() }
        try reader.start()
        // Before the server: an answer that comes later finds no event loop.
        defer { reader.stop() }
        let feed = RedisFeed(settings: settings, readiness: readiness, metrics: metrics, logger: logger, front: server)
        try feed.run(stop: stop)
    }
}
