import LocalBroker
import Synchronization
import TestSupport
import Testing

@testable import Shared

@Suite("Kafka: waiting for a broker and its topics", .ownThread, .timeLimit(.minutes(5)))
struct BrokerWatchTests {
    private func state(_ readiness: Readiness) -> Readiness.State? {
        readiness.conditions.first { $0.name == BrokerWatch.condition }?.state
    }

    @Test(
        "topics that are not there yet are waited for, as those of a broker that is loading are, and readiness says so"
    )
    func topics() async throws {
        let cluster = try MockCluster(topics: [("a", 2)])
        let settings = KafkaSettings(bootstrapServers: cluster.bootstrapServers)
        let readiness = Readiness(BrokerWatch.condition)
        let watch = BrokerWatch(settings: settings, readiness: readiness)
        let found = Mutex<[String: Int]?>(nil)
        try DedicatedThread.start(name: "waiter") {
            let topics = try? watch.wait(for: ["a", "b"], stop: StopSignal())
            found.withLock { $0 = topics }
        }
        try await eventually("the missing topic is named") { state(readiness) == .failing("no topic b") }
        #expect(found.withLock { $0 } == nil)
        try cluster.create("b", partitions: 3)
        try await eventually("it is found") { found.withLock { $0 } == ["a": 2, "b": 3] }
        try await eventually("readiness says so") { state(readiness) == .ok }
    }

    @Test(
        "a look at the broker never names a topic that may not be there: some brokers would make it",
        .enabled(if: TestBroker.realBootstrapServers == nil, "the mock does, a real one knows better since 0.11")
    )
    func makesNoTopic() async throws {
        let broker = try TestBroker(topics: ["a": 1])
        let probe = BrokerProbe(settings: broker.settings, readiness: Readiness(BrokerWatch.condition))
        defer { probe.state.withLock { $0.isOver = true } }
        try probe.start()
        try await eventually("the broker has answered") { probe.state.withLock { $0.hasAnswer } }
        #expect(
            try KafkaReader(settings: broker.settings, readCommitted: true).topics().keys.sorted() == [broker.name("a")]
        )
    }

    @Test("nobody there: readiness names the address, and a stop ends the wait without being a failure")
    func nobody() async throws {
        let readiness = Readiness(BrokerWatch.condition)
        let watch = BrokerWatch(settings: KafkaSettings(bootstrapServers: "127.0.0.1:1"), readiness: readiness)
        let stop = StopSignal()
        let ended = Mutex<Disposition?>(nil)
        try DedicatedThread.start(name: "waiter") {
            do {
                _ = try watch.wait(for: ["a"], stop: stop)
            } catch {
                ended.withLock { $0 = (error as? KafkaError)?.disposition }
            }
        }
        try await eventually("the address is named") {
            guard case .failing(let reason) = state(readiness) else { return false }
            return reason.contains("127.0.0.1:1")
        }
        #expect(!watch.isReachable)
        stop.request()
        try await eventually("the wait ends") { ended.withLock { $0 } == .interrupted }
    }

    @Test(
        "a broker that comes later is found by the same wait",
        .enabled(if: TestBroker.realBootstrapServers == nil, "only the mock can be away")
    )
    func later() async throws {
        let broker = try TestBroker(topics: ["a": 1], canGoAway: true)
        broker.setReachable(false)
        let topic = broker.name("a")
        let watch = BrokerWatch(settings: broker.settings, readiness: Readiness(BrokerWatch.condition))
        let found = Mutex<[String: Int]?>(nil)
        try DedicatedThread.start(name: "waiter") {
            let topics = try? watch.wait(for: [topic], stop: StopSignal())
            found.withLock { $0 = topics }
        }
        try await Task.sleep(for: .milliseconds(300))
        #expect(found.withLock { $0 } == nil)
        broker.setReachable(true)
        try await eventually("it is found") { found.withLock { $0 } == [topic: 1] }
    }
}
