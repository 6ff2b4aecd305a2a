import Foundation

/// Which simulations a test runs: a few whose seeds are always the same, then new ones, until so many simulated hours are over.
public enum SimulationRuns {
    private static let environment = ProcessInfo.processInfo.environment
    /// The simulated hours of each kind: `TICKLINE_SIMULATION_HOURS`, without it so few that CI has them in seconds.
    public static let hours = environment["TICKLINE_SIMULATION_HOURS"].flatMap(Double.init) ?? 0.5
    /// The one seed to run: `TICKLINE_SIMULATION_SEED`.
    public static let seed = environment["TICKLINE_SIMULATION_SEED"].flatMap(UInt64.init)

    /// Runs simulations.
    /// - Parameters:
    ///   - fixed: seeds that are always run: those that have found something once.
    ///   - body: gets a simulation, runs it and says what was wrong; then it is run again, for its trace.
    /// - Returns: what was wrong with the first that failed, with its seed and the end of its trace; nil when all is well.
    public static func failure(fixed: [UInt64], _ body: (Simulation) throws -> String?) rethrows -> String? {
        let begun = ContinuousClock.now
        var (simulated, runs): (Int64, Int) = (0, 0)
        defer {
            let seconds = begun.duration(to: .now) / .seconds(1)
            let hours = Double(simulated) / 3_600_000_000
            let rounded = (hours * 10).rounded() / 10
            print("\(runs) simulations of \(rounded) h in \(Int(seconds)) s: \(Int(hours / seconds * 60)) h a minute")
        }
        var seeds = seed.map { [$0] } ?? fixed
        var isOver = seed != nil
        while true {
            if seeds.isEmpty {
                if isOver { return nil }
                seeds.append(.random(in: .min ... .max))
                isOver = Double(simulated) >= hours * 3_600_000_000
            }
            let simulation = Simulation(seed: seeds.removeFirst())
            // One that ends the process is known by this.
            print("simulation of seed \(simulation.seed)")
            let wrong = try body(simulation)
            simulated += simulation.now
            runs += 1
            guard let wrong else { continue }
            let again = Simulation(seed: simulation.seed)
            again.isTraced = true
            let same = try body(again)
            let steps = again.trace.suffix(seed == nil ? 60 : 4_000).joined(separator: "\n")
            return """
                seed \(simulation.seed): \(wrong)
                Run again it says\(same == wrong ? " the same" : ": \(same ?? "nothing")"), after these steps:
                \(steps)
                TICKLINE_SIMULATION_SEED=\(simulation.seed) runs this one alone.
                """
        }
    }
}
