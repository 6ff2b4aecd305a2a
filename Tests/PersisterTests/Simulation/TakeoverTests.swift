import Shared
import TestSupport
import Testing

@testable import Persister

/// What a simulation has found, told step by step.
@Suite("Taking partitions over", .ownThread)
struct TakeoverTests {
    @Test("Where another instance is still writing while the positions are read, there is no gap")
    func otherIsWriting() throws {
        let simulation = Simulation(seed: 1)
        let kafka = SimulatedKafka(simulation, topics: Topic.allCases.map(\.rawValue), partitions: 1)
        let database = SimulatedDatabase(simulation)
        let settings = try PersisterSettings(
            SettingsReader(environment: ["POSTGRES_URL": "postgresql://simulated/tickline"])
        )
        let source = TopicPartition(topic: Topic.raw.rawValue, partition: 0)
        // Five times in the time of one request the other reads a record and moves the position behind it.
        func write() {
            kafka.append(source.topic, key: Array("k".utf8), value: Array("v".utf8))
            let session = database.begin()
            session.written[SimulatedDatabase.key(of: source)] = [Array("\(kafka[source].end)".utf8)]
            database.commit(session)
            database.end(session)
            simulation.after(200, write)
        }
        write()
        var failures: [String] = []
        let persister = SimulatedPersister(
            settings: settings,
            kafka: kafka,
            database: database,
            failed: { failures.append($0) }
        )
        let stop = StopSignal()
        simulation.start("p") { persister.live($0, until: stop) }
        simulation.run(until: 10_000_000)
        simulation.finish()
        #expect(failures.isEmpty)
    }
}
