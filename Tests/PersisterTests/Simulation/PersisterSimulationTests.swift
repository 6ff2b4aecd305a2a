import TestSupport
import Testing

/// Crashes, zombies and lost answers by the hour: `TICKLINE_SIMULATION_HOURS`, `TICKLINE_SIMULATION_SEED`.
@Suite("Simulation of the Persister", .ownThread)
struct PersisterSimulationTests {
    /// Always run.
    private static let seeds: [UInt64] = [1, 2, 3]

    @Test("Whatever befalls instances, broker and database, the rows are those before the positions, at any time")
    func holds() throws {
        let failure = try SimulationRuns.failure(fixed: Self.seeds) { try PersisterSimulation($0).run() }
        #expect(failure == nil, "\(failure ?? "")")
    }
}
