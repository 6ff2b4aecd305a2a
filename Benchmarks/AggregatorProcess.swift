import Foundation
import Shared
import TestSupport

/// The Aggregator as its users run it: the executable, in a process of its own.
struct AggregatorProcess {
    private let process: ServiceProcess
    private let group: KafkaConsumer
    private let input: [TopicPartition]

    /// Starts it.
    /// - Parameter environment: settings beyond where the broker is.
    init(_ broker: TestBroker, _ environment: [String: String] = [:]) throws {
        let name = broker.settings.topicPrefix + "aggregator"
        let variables = [
            "KAFKA_BOOTSTRAP_SERVERS": broker.settings.bootstrapServers,
            "KAFKA_TOPIC_PREFIX": broker.settings.topicPrefix,
            // The service puts the prefix before it.
            "AGGREGATOR_GROUP": "aggregator",
            // As in compose/Dockerfile. Where libjemalloc2 isn't installed the loader says so in the log and goes on.
            "LD_PRELOAD": "libjemalloc.so.2",
            "MALLOC_CONF": "narenas:2,dirty_decay_ms:1000,muzzy_decay_ms:0",
        ]
        process = try ServiceProcess("aggregator", environment: variables.merging(environment) { $1 })
        // Never joins: it only asks for the group's offsets.
        group = try KafkaConsumer(
            settings: broker.settings,
            group: name,
            options: KafkaConsumer.Options(readCommitted: false),
            handler: Bystander()
        )
        input = (0..<3).map { TopicPartition(topic: broker.name(Topic.raw.rawValue), partition: $0) }
    }

    /// Its process id.
    var id: Int32 {
        process.id
    }

    /// Waits until it has committed more than so many records in all, and returns how many it has.
    @discardableResult
    func waitForCommit(beyond count: Int) throws -> Int {
        let deadline = ContinuousClock.now.advanced(by: .seconds(120))
        while true {
            // Until the first commit there may be no group to ask for.
            let committed = Int((try? group.committed(input).values.reduce(0, +)) ?? 0)
            if committed > count { return committed }
            guard process.isRunning, ContinuousClock.now < deadline else {
                throw BenchmarkError("\(committed) of more than \(count) were committed; its log:\n\(process.log)")
            }
            usleep(10_000)
        }
    }

    /// Waits until it has its partitions, with their state.
    func waitUntilReady() throws {
        try process.waitUntilReady(within: 120)
    }

    /// The sum of a metric over all its labels.
    func metric(_ name: String) throws -> Double {
        try process.metric("tickline_aggregator_\(name)")
    }

    /// Whether it has the allocator that it has in its image.
    var hasAllocator: Bool {
        !process.log.contains("cannot be preloaded")
    }

    /// Ends it as `docker stop` does.
    func finish() throws {
        let code = process.terminate()
        guard code == 0 else { throw BenchmarkError("it ended with \(code); its log:\n\(process.log)") }
    }

    private final class Bystander: RebalanceHandler {
        func assigned(_ partitions: [TopicPartition], of _: any GroupMember) throws -> [TopicPartition: Int64] { [:] }
        func revoked(_ partitions: [TopicPartition], of _: any GroupMember) {}
        func lost(_ partitions: [TopicPartition]) {}
    }
}
