import Dispatch
import Shared

/// A process of a simulation, on a thread that runs when its time has come.
public final class SimulatedProcess: @unchecked Sendable {
    /// Its name.
    public let name: String
    /// Where it runs.
    public let simulation: Simulation
    /// Whether it has crashed: its code goes on to its end, and nothing that it asks for happens.
    public internal(set) var isDead = false
    /// Whether its code has come to its end.
    public internal(set) var hasEnded = false
    /// Until when it stands still.
    public internal(set) var frozenUntil: Int64 = 0
    /// Until when no server can be reached from it.
    public var cutUntil: Int64 = 0
    /// After so many steps it crashes; nil for never.
    public var stepsLeft: Int?
    /// What is still under way when it crashes.
    public var lastWords: [() -> Void] = []
    let baton = DispatchSemaphore(value: 0)
    var ticket: UInt64 = 0

    init(name: String, simulation: Simulation) {
        self.name = name
        self.simulation = simulation
    }

    /// Whether it runs: neither crashed nor ended nor standing still.
    public var isRunning: Bool { !isDead && !hasEnded && frozenUntil <= simulation.now }
    /// Whether what it sends arrives.
    public var isConnected: Bool { isRunning && cutUntil <= simulation.now }

    /// Takes the time that a request takes, while others do what they do.
    /// - Returns: whether it still lives; if not, nothing may happen any more.
    public func step() -> Bool {
        if isDead { return false }
        if let left = stepsLeft {
            stepsLeft = left - 1
            if left <= 0 {
                simulation.crash(self)
                return false
            }
        }
        let usual = 200 + simulation.number(below: 3_000)
        let rare = simulation.chance(1, in: 60) ? simulation.number(below: 400_000) : 0
        return sleep(usual + rare)
    }

    /// Waits.
    /// - Parameter duration: in microseconds.
    /// - Returns: whether it still lives.
    @discardableResult
    public func sleep(_ duration: Int64) -> Bool {
        if isDead { return false }
        simulation.wait(self, until: simulation.now + max(1, duration))
        return !isDead
    }
}
