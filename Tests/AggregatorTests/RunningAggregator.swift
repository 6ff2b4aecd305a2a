import Foundation
import Shared
import Synchronization
import TestSupport
import Testing

@testable import Aggregator

/// The Aggregator's pipeline on a thread of its own, as the shell runs it.
final class RunningAggregator: Sendable {
    let readiness = Readiness("kafka", "partitions")
    let registry = PrometheusRegistry()
    private let stop = StopSignal()
    private let ended = Mutex<Result<Void, any Error>?>(nil)

    /// Settings for a broker of a test.
    static func settings(_ broker: TestBroker, _ environment: [String: String] = [:]) throws -> AggregatorSettings {
        var variables = [
            "KAFKA_BOOTSTRAP_SERVERS": broker.settings.bootstrapServers,
            "KAFKA_TOPIC_PREFIX": broker.settings.topicPrefix,
            "AGGREGATOR_GROUP": "aggregator",
            "AGGREGATOR_INSTANCE": "test",
            "AGGREGATOR_FOLLOW_CLOCK": "false",
        ]
        variables.merge(environment) { $1 }
        var settings = try AggregatorSettings(SettingsReader(environment: variables))
        settings.kafka.properties = broker.settings.properties
        return settings
    }

    /// Starts it.
    init(_ broker: TestBroker, _ environment: [String: String] = [:]) throws {
        let settings = try Self.settings(broker, environment)
        let pipeline = AggregatorPipeline(
            settings: settings,
            readiness: readiness,
            metrics: AggregatorMetrics(plan: settings.plan, registry: registry)
        )
        Thread.detachNewThread { [self, pipeline] in
            let result = Result { try pipeline.run(stop: stop) }
            ended.withLock { $0 = result }
        }
    }

    /// How it ended, if it has.
    var end: Result<Void, any Error>? {
        ended.withLock { $0 }
    }

    /// Waits until it has ended by itself.
    func waitForEnd() async throws {
        try await eventually("the pipeline ends") { self.end != nil }
    }

    /// Asks it to end and waits until it has.
    func finish() async throws {
        stop.request()
        try await waitForEnd()
        try end?.getAfterStop()
    }

    /// The value of a metric, as `/metrics` shows it.
    func metric(_ sample: String) -> Int {
        let line = registry.render().split(separator: "\n").first { $0.hasPrefix("tickline_aggregator_\(sample) ") }
        return line.flatMap { Int($0.split(separator: " ").last ?? "") } ?? 0
    }

    /// Ticks taken, whatever became of them.
    var ticks: Int {
        ["accepted", "revised", "unchanged", "late", "future"].reduce(metric("dead_letters_total")) {
            $0 + metric("ticks_total{outcome=\"\($1)\"}")
        }
    }
}
