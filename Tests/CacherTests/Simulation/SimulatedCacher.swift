import Logging
import Shared
import TestSupport

@testable import Cacher

/// The Cacher in a simulation: its task, its writer and its scripts are those of the service, on a real redis-server.
struct SimulatedCacher {
    let settings: CacherSettings
    let kafka: SimulatedKafka
    let server: BreakableConnection.Server
    /// Gets what only a person could mend.
    let failed: (String) -> Void
    /// How many of a thousand requests to Redis break the connection.
    var breaks: UInt64 = 0

    /// One process, from its start to its end.
    func live(_ process: SimulatedProcess, until stop: StopSignal) {
        process.live(until: stop, failed: failed) { try run(process, until: stop) }
    }

    private func run(_ process: SimulatedProcess, until stop: StopSignal) throws {
        let simulation = process.simulation
        let (server, breaks) = (server, breaks)
        let writer = CacheWriter(encoder: CacheEncoder(settings), clocks: simulation.clocks) { () throws(RedisError) in
            try BreakableConnection(of: process, to: server, breaks: breaks)
        }
        let topics = RecordDecoder.inputs.map(settings.kafka.name)
        let task = CacherTask(
            settings: settings,
            readiness: Readiness("redis", "partitions", "cache"),
            metrics: CacherMetrics(registry: PrometheusRegistry()),
            logger: Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() },
            partitions: Dictionary(uniqueKeysWithValues: topics.map { ($0, kafka.logs(of: $0).count) }),
            writer: writer,
            deadLetters: SimulatedDeadLetters(of: process, on: kafka),
            clocks: simulation.clocks,
            random: { Double(simulation.number(below: 1_000)) / 1_000 }
        )
        let consumer = SimulatedConsumer(
            of: process,
            on: kafka,
            group: settings.group,
            topics: task.topics,
            handler: task
        )
        try task.run(until: stop, consumer: consumer)
    }
}
