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

    /// One process, from its start to its end: as the shell does, it begins anew after an error that may pass.
    func live(_ process: SimulatedProcess, until stop: StopSignal) {
        var backoff = Backoff()
        while !process.isDead, !stop.isRequested {
            do {
                try run(process, until: stop)
            } catch {
                if process.isDead { return }
                process.simulation.note("\(process.name): \(error)")
                if (error as? any ClassifiedError)?.disposition != .retry { failed("\(process.name): \(error)") }
                process.sleep(backoff.next(random: 0.5).wholeMicroseconds)
            }
        }
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
