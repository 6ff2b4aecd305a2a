import CRdKafka
import Glibc
import Logging
import Synchronization

/// Looks once a second whether a broker answers, on a thread of its own, whatever the pipeline is waiting for.
///
/// It keeps the condition ``condition`` of the readiness, and writes one line to the log when the brokers go and one when
/// they are back. It lives as long as the service, over all restarts of its pipeline, and starts with the first
/// ``wait(for:stop:)``.
public final class BrokerWatch: Sendable {
    /// The condition's name: a broker answers, and has the topics.
    public static let condition = "kafka"

    /// A look takes no longer; without an answer by then the brokers are away.
    static let patience = Duration.seconds(2)
    /// A broker that has just started knows no topic yet; only after this time they count as missing.
    static let loadingTime = Duration.seconds(10)

    private let look: Look
    private let settings: KafkaSettings
    private let readiness: Readiness
    private let log = Logger(label: "kafka")

    /// A watch that has not begun.
    public init(settings: KafkaSettings, readiness: Readiness) {
        self.settings = settings
        self.readiness = readiness
        look = Look(settings: settings, readiness: readiness)
    }

    deinit {
        look.state.withLock { $0.isOver = true }
    }

    /// Whether a broker answered at the last look, which is at most three seconds old.
    public var isReachable: Bool {
        look.state.withLock { $0.trouble == nil && $0.hasLooked }
    }

    /// Waits until a broker answers and has all of these topics, for as long as that takes.
    /// - Returns: how many partitions each has.
    /// - Throws: ``KafkaError/isInterrupted`` when a stop is requested; a fatal ``KafkaError`` when there can't be a client.
    public func wait(for needed: [String], stop: StopSignal) throws -> [String: Int] {
        try look.start()
        look.state.withLock {
            $0.wantsTopics = true; $0.topics = nil
        }
        defer {
            look.state.withLock {
                $0.wantsTopics = false; $0.missing = nil
            }
        }
        var incompleteSince: ContinuousClock.Instant?
        var hasSpoken = false
        while true {
            readiness.heartbeat.beat()
            let (topics, failure) = look.state.withLock { ($0.topics, $0.failure) }
            if let failure { throw failure }
            if let topics {
                let missing = needed.filter { topics[$0] == nil }
                if missing.isEmpty {
                    if hasSpoken { log.info("Kafka has all topics now") }
                    return topics.filter { needed.contains($0.key) }
                }
                let since = incompleteSince ?? .now
                incompleteSince = since
                if !hasSpoken, since.duration(to: .now) >= Self.loadingTime {
                    hasSpoken = true
                    log.warning("\(MissingTopics(topics: missing, bootstrapServers: settings.bootstrapServers))")
                }
                look.state.withLock { $0.missing = "no topic \(missing.joined(separator: ", "))" }
            } else {
                incompleteSince = nil
            }
            if stop.sleep(for: .milliseconds(50)) {
                throw KafkaError(RD_KAFKA_RESP_ERR__INTR, "waiting for Kafka at \(settings.bootstrapServers)")
            }
        }
    }
}

/// What the watch's thread does.
private final class Look: Sendable {
    struct State {
        var hasStarted = false
        var isOver = false
        var hasLooked = false
        /// Why no broker can be reached; nil while one can.
        var trouble: String?
        /// Why there is no client to look with.
        var failure: KafkaError?
        /// Whether the topics are asked for, and what the last answer was.
        var wantsTopics = false
        var topics: [String: Int]?
        /// What the pipeline waits for although a broker answers.
        var missing: String?
    }

    let state = Mutex(State())
    private let settings: KafkaSettings
    private let readiness: Readiness
    private let log = Logger(label: "kafka")

    init(settings: KafkaSettings, readiness: Readiness) {
        self.settings = settings
        self.readiness = readiness
    }

    /// Starts the thread, once.
    func start() throws(ThreadError) {
        let isFirst = state.withLock { state in
            defer { state.hasStarted = true }
            return !state.hasStarted
        }
        if isFirst {
            try DedicatedThread.start(name: "kafka-watch") { [self] in run() }
        }
    }

    private func run() {
        let client: KafkaClient
        do throws(KafkaError) {
            let properties = settings.consumerProperties(
                readCommitted: true,
                resetsToEarliest: false,
                // A connection on which nothing comes back is given up, so that the next look is on a new one.
                with: ["socket.timeout.ms": "3000"]
            )
            client = try KafkaClient(RD_KAFKA_CONSUMER, properties: properties)
        } catch {
            return state.withLock { $0.failure = error }
        }
        while !state.withLock({ $0.isOver }) {
            let wantsTopics = state.withLock { $0.wantsTopics }
            do throws(KafkaError) {
                // All topics, or only one, as a sign of life: a cluster may have thousands.
                let answer = try client.metadata(
                    topic: wantsTopics ? nil : settings.name(.raw),
                    timeout: BrokerWatch.patience
                )
                client.callbacks.unreachable = nil
                note(trouble: nil, topics: wantsTopics ? answer : nil)
            } catch {
                // Its callbacks know more than the call: a name that can't be resolved, a login that is refused.
                rd_kafka_poll(client.pointer, 0)
                note(trouble: (client.callbacks.unreachable ?? error).message, topics: nil)
            }
            rest()
        }
    }

    /// Waits for the next look: a second, or less while somebody waits for its result.
    private func rest() {
        for _ in 0..<10 {
            usleep(100_000)
            let isUrgent = state.withLock { $0.isOver || $0.wantsTopics || $0.trouble != nil }
            if isUrgent { return }
        }
    }

    private func note(trouble: String?, topics: [String: Int]?) {
        let (before, missing, isFirst, isOver) = state.withLock { state in
            defer {
                state.trouble = trouble
                state.topics = topics
                state.hasLooked = true
            }
            return (state.trouble, state.missing, !state.hasLooked, state.isOver)
        }
        if isOver { return }
        let servers = settings.bootstrapServers
        if let trouble {
            if before == nil { log.warning("no Kafka broker answers at \(servers), waiting for one: \(trouble)") }
            readiness.set(BrokerWatch.condition, .failing("no broker answers at \(servers): \(trouble)"))
        } else {
            if before != nil, !isFirst { log.info("a Kafka broker answers again at \(servers)") }
            readiness.set(BrokerWatch.condition, missing.map { .failing($0) } ?? .ok)
        }
    }
}
