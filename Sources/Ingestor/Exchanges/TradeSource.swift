import Logging
import Shared

/// The trades of exchanges: what their connections bring goes through their feeds, and comes out as ticks.
///
/// Sockets and histories have threads of their own. The pipeline's thread takes what they brought in batches; while Kafka
/// holds it back, the inbox fills, and the sockets are read no more.
final class TradeSource: TickSource {
    /// How long one call waits for messages: what is due by time, such as the next subscription, waits no longer than that.
    static let turn: Duration = .milliseconds(20)
    /// How long what comes is gathered while little comes: to wake a thread costs more than a message.
    static let pause: Duration = .milliseconds(2)
    /// With so many messages at once nothing is gathered.
    static let busyEntries = 200
    /// The most ticks of one batch.
    static let batchLimit = 1_000
    /// A longer time between two looks at the connections says nothing about whether they live.
    static let longestTurn: Duration = .seconds(1)

    private let inbox: FeedInbox
    private let sockets: WebSocketGroup
    private let readiness: Readiness
    private var sessions: [ExchangeSession] = []
    private var incoming = FeedBatch()
    private var lastTurn: Duration?
    private var shown: Readiness.State?

    /// Makes a source that connects at its first call.
    /// - Parameters:
    ///   - settings: the exchanges, each with its products.
    ///   - positions: by exchange and product, where the trades go on; nil where that isn't known.
    ///   - limits: of the connections.
    ///   - readiness: its condition `source` is kept.
    ///   - registry: where the feeds' metrics are.
    ///   - stop: ends a request for history early.
    /// - Throws: ``WebSocketError`` about certificates, ``HTTPError`` when libcurl can't start, `ThreadError`.
    init(
        _ settings: ExchangeSettings,
        positions: [[TradePosition?]],
        limits: WebSocketGroup.Limits = WebSocketGroup.Limits(),
        readiness: Readiness,
        registry: PrometheusRegistry = .shared,
        stop: StopSignal
    ) throws {
        let userAgent = "tickline-ingestor/\(BuildInfo.version)"
        self.readiness = readiness
        inbox = FeedInbox()
        sockets = try WebSocketGroup(
            limits: limits,
            certificates: settings.caFile.map { .file($0) } ?? .system,
            userAgent: userAgent,
            inbox: inbox
        )
        for (exchange, positions) in zip(settings.exchanges, positions) {
            let feed = ExchangeFeed(
                exchange,
                positions: positions,
                limits: ExchangeFeed.Limits(patience: settings.gapTimeout),
                counts: FeedCounts(exchange: exchange.name, registry: registry)
            )
            let history = try HistoryThread(
                userAgent: userAgent,
                limits: ExchangeSession.historyLimits,
                caFile: settings.caFile,
                stop: stop
            )
            let first = sessions.last?.connections.upperBound ?? 0
            sessions.append(ExchangeSession(feed, firstConnection: first, history: history))
        }
    }

    deinit {
        for session in sessions { session.end() }
        sockets.close()
    }

    func next(into batch: inout TickBatch, clock: () -> ClockReading) throws -> SourceStep {
        let isBehind = sessions.contains(where: \.hasTrades)
        if !isBehind { inbox.take(into: &incoming, waiting: Self.turn) }
        let now = clock()
        if let lastTurn, now.uptime - lastTurn > Self.longestTurn {
            for index in sessions.indices { sessions[index].resumed(at: now.uptime) }
        }
        lastTurn = now.uptime
        if !isBehind { distribute(at: now.uptime) }
        for index in sessions.indices {
            sessions[index].advance(sockets, at: now)
            sessions[index].hand(to: &batch, atMost: Self.batchLimit, ingestedAt: now.wall)
        }
        showProblems()
        let isBusy = incoming.entries.count >= Self.busyEntries || sessions.contains(where: \.hasTrades)
        return isBusy ? .more : .wait(Self.pause)
    }

    /// Nothing is given up because of Kafka: what an exchange cuts meanwhile is a gap, which its history fills.
    var missed: Missed { Missed(unit: .ticks) }

    private func distribute(at now: Duration) {
        for entry in incoming.entries {
            guard let index = sessions.firstIndex(where: { $0.connections.contains(entry.connection) }) else {
                continue
            }
            sessions[index].take(entry, of: incoming.bytes.span, at: now)
        }
    }

    private func showProblems() {
        let problems = sessions.compactMap(\.problem)
        let state = problems.isEmpty ? Readiness.State.ok : .failing(problems.joined(separator: "; "))
        if state != shown { readiness.set("source", state) }
        shown = state
    }
}
