import CRdKafka
import Logging
import Synchronization

/// Checks once a second whether a broker answers, on a thread of its own, whatever the pipeline is waiting for.
///
/// It keeps the condition ``condition`` of the readiness, and writes one line to the log when the brokers go and one when
/// they are back. It lives as long as the service, over all restarts of its pipeline, and starts with the first
/// ``wait(for:stop:)``.
public final class BrokerWatch: Sendable {
    /// The condition's name: a broker answers, and has the topics.
    public static let condition = "kafka"

    /// A check takes no longer; without an answer by then the brokers are away.
    static let patience = Duration.seconds(2)
    /// A broker that has just started knows no topic yet; only after this time they count as missing.
    static let loadingTime = Duration.seconds(10)

    private let probe: BrokerProbe
    private let settings: KafkaSettings
    private let readiness: Readiness
    private let log = Logger(label: "kafka")

    /// A watch that has not begun.
    public init(settings: KafkaSettings, readiness: Readiness) {
        self.settings = settings
        self.readiness = readiness
        probe = BrokerProbe(settings: settings, readiness: readiness)
    }

    deinit {
        probe.state.withLock { $0.isOver = true }
    }

    /// Whether a broker answered at the last check, which is at most three seconds old.
    public var isReachable: Bool {
        probe.state.withLock { $0.trouble == nil && $0.hasAnswer }
    }

    /// Waits until a broker answers and has all of these topics, for as long as that takes.
    /// - Returns: how many partitions each has.
    /// - Throws: ``KafkaError/isInterrupted`` when a stop is requested; a fatal ``KafkaError`` when there can't be a client.
    public func wait(for needed: [String], stop: StopSignal) throws -> [String: Int] {
        probe.state.withLock {
            $0.wantsTopics = true; $0.topics = nil
        }
        defer {
            probe.state.withLock {
                $0.wantsTopics = false; $0.missing = nil
            }
        }
        try probe.start()
        var incompleteSince: ContinuousClock.Instant?
        var hasSpoken = false
        while true {
            readiness.heartbeat.beat()
            let (topics, failure) = probe.state.withLock { ($0.topics, $0.failure) }
            if let failure { throw failure }
            if let topics {
                let missing = needed.filter { topics[$0] == nil }
                if missing.isEmpty {
                    if hasSpoken { log.info("Kafka has all topics now") }
                    probe.state.withLock { $0.known = needed.first }
                    return topics.filter { needed.contains($0.key) }
                }
                let since = incompleteSince ?? .now
                incompleteSince = since
                if !hasSpoken, since.duration(to: .now) >= Self.loadingTime {
                    hasSpoken = true
                    log.warning("\(MissingTopics(topics: missing, bootstrapServers: settings.bootstrapServers))")
                }
                probe.state.withLock { $0.missing = "no topic \(missing.joined(separator: ", "))" }
            } else {
                incompleteSince = nil
            }
            if stop.sleep(for: .milliseconds(50)) {
                throw KafkaError(RD_KAFKA_RESP_ERR__INTR, "waiting for Kafka at \(settings.bootstrapServers)")
            }
        }
    }
}
