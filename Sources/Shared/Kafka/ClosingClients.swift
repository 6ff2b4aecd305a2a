import Synchronization

/// librdkafka clients that are being taken down, each on a thread of its own that nobody waits for.
///
/// With librdkafka 2.0.2 `rd_kafka_destroy` may never return after brokers were restarted (confluentinc/librdkafka#4486,
/// #4667, #4674). Whoever is done with a client has nothing to gain from its end; what would be left of one that hangs is
/// its threads and a few megabytes, so their number is watched.
final class ClosingClients: Sendable {
    /// Those of this process, shown on its `/metrics` from the first client on.
    static let shared = {
        let clients = ClosingClients()
        clients.register(in: .shared)
        return clients
    }()
    /// So many clients may hang in their end; then the process ends with an error instead of growing.
    static let limit = 32
    /// One that is not gone after this time counts as hanging; ordinarily it takes well under a second.
    static let patience = Duration.seconds(60)

    private struct State {
        var next = 0
        var started: [Int: ContinuousClock.Instant] = [:]
    }

    private let state = Mutex(State())

    /// Takes a client down in the background.
    /// - Parameter destroy: blocks for as long as it takes.
    func close(_ destroy: @escaping @Sendable () -> Void) {
        let number = begin()
        // Without a thread the client stays, and counts as one that hangs.
        try? DedicatedThread.start(name: "kafka-close") { [self] in
            destroy()
            end(number)
        }
    }

    /// Counts a call that may be left behind, and its client with it: it is one of these until the call returns.
    func count<Answer>(during call: () -> Answer) -> Answer {
        let number = begin()
        defer { end(number) }
        return call()
    }

    private func begin() -> Int {
        state.withLock { state in
            state.next += 1
            state.started[state.next] = .now
            return state.next
        }
    }

    private func end(_ number: Int) {
        state.withLock { $0.started[number] = nil }
    }

    /// How many hang.
    func hanging(at now: ContinuousClock.Instant = .now) -> Int {
        state.withLock { state in
            state.started.values.count { $0.duration(to: now) >= Self.patience }
        }
    }

    /// Allows another client.
    /// - Throws: a fatal ``KafkaError`` when ``limit`` clients hang.
    func check(at now: ContinuousClock.Instant = .now) throws(KafkaError) {
        let hanging = hanging(at: now)
        if hanging >= Self.limit {
            throw KafkaError(
                refused: "\(hanging) clients did not end within \(Self.patience); the process must be started again"
            )
        }
    }

    /// Shows on `/metrics` how many hang.
    func register(in registry: PrometheusRegistry) {
        let gauge = PrometheusGauge(
            "tickline_kafka_clients_hanging",
            help: "Kafka clients that did not end within a minute; at \(Self.limit) the process ends.",
            registry: registry
        )
        registry.beforeRendering { [self] in gauge.set(hanging()) }
    }
}
