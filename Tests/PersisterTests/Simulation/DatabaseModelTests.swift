import Shared
import TestSupport
import Testing

@testable import Persister

/// The model of PostgreSQL that the simulation rests on, and a real one: the same steps, the same answers, the same rows.
@Suite("The simulated PostgreSQL", .ownThread)
struct DatabaseModelTests {
    /// What came of a step.
    private enum Answer: Equatable {
        case written(BatchWriter.Result)
        case fenced
        case givenUp
        case refused(String)
        case position(Int64?)
    }

    private struct GivenUp: Error {}

    private static let partition = TopicPartition(topic: "test.prices.raw", partition: 0)
    private static let windows = TopicPartition(topic: "test.prices.aggregates.1m", partition: 0)

    /// Steps that a seed gives, on two connections in turn: batches that follow each other, overlap, come again or come too late;
    /// some are given up before their COMMIT.
    private static func steps(_ seed: UInt64, on connections: [any DatabaseConnection]) throws -> [Answer] {
        var random = SplitMix64(seed: seed)
        var writers = try connections.map { try BatchWriter($0) }
        var answers: [Answer] = []
        for partition in [partition, windows] {
            try Positions(connection: connections[0]).start(partition, at: 0)
            try Positions(connection: connections[1]).start(partition, at: 5)
        }
        for step in 0..<60 {
            let writer = Int(random.next() % 2)
            let isWindows = random.chance(1, in: 3)
            let source = isWindows ? windows : partition
            let positions = Positions(connection: connections[writer])
            let position = try positions.read(source)
            answers.append(.position(position))
            let first = max(0, (position ?? 0) + (random.chance(1, in: 4) ? Int64(random.next() % 7) - 3 : 0))
            var values: [[UInt8]] = (0..<(1 + random.next() % 6)).map { index in
                if isWindows {
                    return Ticks.json(
                        Ticks.window(minute: Int(random.next() % 4), close: 2 + step, revision: Int(random.next() % 5))
                    )
                }
                let number = random.chance(1, in: 4) ? Int(random.next() % 20) : 100 + step * 10 + Int(index)
                return Ticks.json(Ticks.tick(number))
            }
            // With a record that can't be used, for which there has to be a dead letter before the COMMIT.
            let isGivenUp = random.chance(1, in: 6)
            if isGivenUp { values.append(Array("{".utf8)) }
            let batch = Ticks.batch(
                values,
                into: isWindows ? .aggregates1m : .rawPriceData,
                from: first,
                source: source
            )
            do {
                answers.append(.written(try writers[writer].write(batch) { _ in if isGivenUp { throw GivenUp() } }))
            } catch is GivenUp {
                answers.append(.givenUp)
            } catch is Fenced {
                answers.append(.fenced)
            } catch let error as PostgresError {
                answers.append(.refused(error.sqlState.code))
            }
        }
        return answers
    }

    @Test("It answers as a real one does, and has the same rows in the end", arguments: 1...8 as ClosedRange<UInt64>)
    func same(seed: UInt64) throws {
        let server = try PostgresServer.shared.get()
        let database = try TestDatabase(on: server)
        let real = try Self.steps(seed, on: [try database.connect(), try database.connect()])

        let simulation = Simulation(seed: seed)
        let model = SimulatedDatabase(simulation)
        final class Outcome {
            var answers: [Answer] = []
            var error: (any Error)?
        }
        let outcome = Outcome()
        simulation.start("script") { process in
            do {
                let connections = try (0..<2).map { _ in try SimulatedConnection(of: process, to: model, breaks: 0) }
                outcome.answers = try Self.steps(seed, on: connections)
            } catch {
                outcome.error = error
            }
        }
        simulation.run(until: 3_600_000_000)
        #expect(outcome.error == nil)
        #expect(outcome.answers == real)

        let ticks = model.rows(of: .rawPriceData).map { row in
            SimulatedDatabase.field("id", of: row, in: .rawPriceData).map { bytes in
                bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
            } ?? ""
        }
        let stored = try database.psql("SELECT replace(id::text, '-', '') FROM raw_price_data ORDER BY 1")
        #expect(ticks.sorted().joined(separator: "\n") == stored)
        let revisions = model.rows(of: .aggregates1m).map {
            SimulatedDatabase.number("revision", of: $0, in: .aggregates1m) ?? -1
        }
        let sum = try database.psql("SELECT count(*) || ' ' || coalesce(sum(revision), 0) FROM price_aggregates_1m")
        #expect("\(revisions.count) \(revisions.reduce(0, +))" == sum)
        simulation.finish()
    }
}
