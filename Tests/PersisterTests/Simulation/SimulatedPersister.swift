import Logging
import Shared
import TestSupport

@testable import Persister

/// The Persister in a simulation: its loop, its assignment, its queue, its writers and their statements are those of the service.
struct SimulatedPersister {
    let settings: PersisterSettings
    let kafka: SimulatedKafka
    let database: SimulatedDatabase
    /// Gets what only a person could mend.
    let failed: (String) -> Void
    /// How many of a thousand requests to the database break the connection.
    var breaks: UInt64 = 0

    /// One process, from its start to its end.
    func live(_ process: SimulatedProcess, until stop: StopSignal) {
        process.live(until: stop, failed: failed) { try run(process, until: stop) }
    }

    private func run(_ process: SimulatedProcess, until stop: StopSignal) throws {
        let (database, breaks) = (database, breaks)
        let connect = { (thread: SimulatedProcess) throws(PostgresError) -> SimulatedConnection in
            try SimulatedConnection(of: thread, to: database, breaks: breaks)
        }
        let writers = SimulatedWriters(settings.connections, of: process, on: kafka) { thread throws(PostgresError) in
            try BatchWriter(connect(thread))
        }
        defer { writers.stop() }
        let assignment = Assignment(
            settings: settings,
            pool: writers,
            metrics: PersisterMetrics(registry: PrometheusRegistry()),
            clocks: process.simulation.clocks,
            connect: { () throws(PostgresError) in try connect(process) }
        )
        let consumer = SimulatedConsumer(
            of: process,
            on: kafka,
            group: settings.group,
            topics: assignment.topics,
            handler: assignment
        )
        let loop = WritingLoop(clocks: process.simulation.clocks) {}
        try loop.run(until: stop, consumer: consumer, assignment: assignment)
    }
}
