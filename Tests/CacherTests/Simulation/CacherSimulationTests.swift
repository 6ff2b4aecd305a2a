import TestSupport
import Testing

@testable import Cacher

/// Crashes, zombies and lost data by the hour: `TICKLINE_SIMULATION_HOURS`, `TICKLINE_SIMULATION_SEED`.
@Suite("Simulation of the Cacher", .ownThread)
struct CacherSimulationTests {
    /// Always run.
    private static let seeds: [UInt64] = [1, 2, 3]

    @Test("Whatever befalls instances, broker and Redis, the keys are as new as the positions, at any time")
    func holds() throws {
        let server = try RedisServer()
        let url = try #require(RedisURL("unix://\(server.socket)"))
        let failure = try SimulationRuns.failure(fixed: Self.seeds) { try CacherSimulation($0, on: url).run() }
        #expect(failure == nil, "\(failure ?? "")")
    }
}
