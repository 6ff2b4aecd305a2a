import Foundation
import Shared
import Synchronization
import TestSupport
import Testing

@testable import Cacher

/// The Cacher's pipeline on a thread of its own, as the shell runs it.
final class RunningCacher: Sendable {
    let readiness = Readiness("kafka", "partitions", "redis", "cache")
    let registry = PrometheusRegistry()
    private let stop = StopSignal()
    private let ended = Mutex<Result<Void, any Error>?>(nil)

    /// Starts it.
    init(_ broker: TestBroker, _ redis: RedisServer, environment: [String: String] = [:]) throws {
        var variables = [
            "REDIS_URL": redis.url,
            "REDIS_TIMEOUT": "1s",
            "KAFKA_BOOTSTRAP_SERVERS": broker.settings.bootstrapServers,
            "KAFKA_TOPIC_PREFIX": broker.settings.topicPrefix,
        ]
        variables.merge(environment) { $1 }
        var settings = try CacherSettings(SettingsReader(environment: variables))
        settings.kafka.properties = broker.settings.properties
        let pipeline = CacherPipeline(
            settings: settings,
            readiness: readiness,
            metrics: CacherMetrics(registry: registry)
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

    /// Asks it to end and waits until it has.
    func finish() async throws {
        stop.request()
        try await eventually("the pipeline ends") { self.end != nil }
        try end?.getAfterStop()
    }

    /// The value of a metric, as `/metrics` shows it.
    func metric(_ sample: String) -> Int {
        let line = registry.render().split(separator: "\n").first { $0.hasPrefix(sample + " ") }
        return line.flatMap { Int($0.split(separator: " ").last ?? "") } ?? 0
    }

    /// How many records lie between its positions and the ends of all partitions, as `/metrics` shows it.
    var lag: Int {
        registry.render().split(separator: "\n").filter { $0.hasPrefix("tickline_cacher_lag_records{") }
            .compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +)
    }
}
