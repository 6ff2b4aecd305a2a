import NIOCore
import NIOHTTP1
import Shared

/// What all connections of the front door share. It belongs to their event loop.
final class Front {
    /// What a client may do.
    static let methods = "GET, HEAD, OPTIONS"
    /// How long what came is collected before it is sent, when something was sent just before.
    static let flushInterval = TimeAmount.milliseconds(20)
    /// How often readers get a sign of life.
    static let beatInterval = TimeAmount.seconds(15)

    let limits: HTTPLimits
    let faults: HTTPFaults
    let open: OpenConnections
    let metrics: ServeMetrics
    let cache: AnswerCache
    let hub: StreamHub
    /// The headers of every answer.
    let headers: HTTPHeaders
    /// Whether pages of other origins may read the answers.
    let allowsOtherOrigins: Bool
    private let loop: any EventLoop
    private let files: [ServedFile: Answer]
    private var isFlushScheduled = false
    private var lastFlush = NIODeadline.now()

    init(on loop: any EventLoop, settings: ServeSettings, reader: MarketReader, counts: FrontCounts) {
        self.loop = loop
        (limits, faults, metrics) = (settings.limits, counts.faults, counts.metrics)
        open = OpenConnections(limit: settings.limits.connections)
        cache = AnswerCache(on: loop) { request in reader.answer(request, on: loop) }
        hub = StreamHub(run: .random(in: .min ... .max), maximumReaders: settings.readers, traffic: counts.traffic)
        allowsOtherOrigins = settings.corsOrigin != nil
        headers = Self.headers(corsOrigin: settings.corsOrigin)
        var files: [ServedFile: Answer] = [:]
        for file in ServedFile.allCases {
            // Asked for again each time, and answered with 304 while it is the same.
            files[file] = Answer(file.bytes, contentType: file.contentType, cacheControl: "no-cache")
        }
        self.files = files
    }

    /// A file of the executable.
    func file(_ file: ServedFile) -> Answer {
        files[file] ?? Answer(Problem(404, "there is no such file"))
    }

    /// Takes updates for the streams: sent at once, or with those that come until the ``flushInterval`` is over.
    func take(_ updates: [StreamUpdate]) {
        hub.take(updates)
        guard hub.hasWaiting, !isFlushScheduled else { return }
        isFlushScheduled = true
        let due = lastFlush + Self.flushInterval
        loop.assumeIsolated().scheduleTask(deadline: max(due, .now())) { [self] in
            isFlushScheduled = false
            lastFlush = .now()
            hub.flush()
        }
    }

    /// Gives signs of life from now on.
    func startBeating() {
        loop.assumeIsolated().scheduleTask(in: Self.beatInterval) { [self] in
            hub.beat()
            startBeating()
        }
    }

    private static func headers(corsOrigin: String?) -> HTTPHeaders {
        var headers = HTTPHeaders([
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            // The page's own policy stands in the page; nobody may put it into a frame.
            ("content-security-policy", "frame-ancestors 'none'"),
        ])
        guard let corsOrigin else { return headers }
        headers.add(name: "access-control-allow-origin", value: corsOrigin)
        headers.add(name: "access-control-expose-headers", value: "etag")
        return headers
    }
}
