import CRdKafka
import Glibc
import Logging
import Synchronization

/// The thread of a ``BrokerWatch``: asks the brokers for metadata, again and again.
final class BrokerProbe: Sendable {
    /// What it was asked, and what it found.
    struct State {
        /// Whether its thread was started.
        var hasStarted = false
        /// Whether the watch is gone, so that the thread may end.
        var isOver = false
        /// Whether it has found anything yet.
        var hasAnswer = false
        /// Why no broker can be reached; nil while one can.
        var trouble: String?
        /// Why there is no client to ask with.
        var failure: KafkaError?
        /// Whether the topics are asked for as well.
        var wantsTopics = false
        /// A topic that is there: one that somebody waited for, and got. To ask for it is a sign of life.
        var known: String?
        /// What the last answer said: the number of partitions by topic; nil before it.
        var topics: [String: Int]?
        /// What the pipeline waits for although a broker answers.
        var missing: String?
    }

    /// Shared with the watch.
    let state = Mutex(State())
    private let settings: KafkaSettings
    private let readiness: Readiness
    private let log = Logger(label: "kafka")

    /// A probe that has not begun.
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
        guard isFirst else { return }
        do throws(ThreadError) {
            try DedicatedThread.start(name: "kafka-watch") { [self] in run() }
        } catch {
            state.withLock { $0.hasStarted = false }
            throw error
        }
    }

    private func run() {
        let client: KafkaClient
        do throws(KafkaError) {
            let properties = settings.consumerProperties(
                readCommitted: true,
                resetsToEarliest: false,
                // A connection on which nothing comes back is given up, so that the next check is on a new one. Why one
                // was closed is what librdkafka reports of a TLS port that is spoken to without TLS.
                with: ["socket.timeout.ms": "3000", "log.connection.close": "true"]
            )
            client = try KafkaClient(RD_KAFKA_CONSUMER, properties: properties)
        } catch {
            return state.withLock { $0.failure = error }
        }
        while !state.withLock({ $0.isOver }) {
            let (wantsTopics, known) = state.withLock { ($0.wantsTopics, $0.known) }
            do throws(KafkaError) {
                // All topics, or only one, as a sign of life: a cluster may have thousands. Never one that may not be
                // there: brokers before 0.11, and librdkafka's mock, would make it.
                let answer = try client.metadata(topic: wantsTopics ? nil : known, timeout: BrokerWatch.patience)
                client.callbacks.noteReached()
                note(trouble: nil, topics: wantsTopics ? answer : nil)
            } catch {
                note(trouble: client.reason(for: error).message, topics: nil)
            }
            rest()
        }
    }

    /// Waits for the next check: a second, or less while somebody waits for its result.
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
                state.hasAnswer = true
            }
            return (state.trouble, state.missing, !state.hasAnswer, state.isOver)
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
