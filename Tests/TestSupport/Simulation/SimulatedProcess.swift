import Dispatch
import Shared

/// A process of a simulation, or a further thread of one: it runs when its time has come.
public final class SimulatedProcess: @unchecked Sendable {
    /// Its name.
    public let name: String
    /// Where it runs.
    public let simulation: Simulation
    /// Whether it has crashed: its code goes on to its end, and nothing that it asks for happens.
    public internal(set) var isDead = false
    /// Whether its code has come to its end.
    public internal(set) var hasEnded = false
    /// What is still under way when it crashes.
    public var lastWords: [() -> Void] = []
    /// The first thread of the process; what befalls that befalls all.
    let first: SimulatedProcess?
    let baton = DispatchSemaphore(value: 0)
    var ticket: UInt64 = 0
    var frozenTime: Int64 = 0
    private var cutTime: Int64 = 0
    private var fate: (steps: Int64, countsPolls: Bool, what: () -> Void)?

    init(name: String, simulation: Simulation, first: SimulatedProcess?) {
        self.name = name
        self.simulation = simulation
        self.first = first
    }

    /// Until when it stands still.
    public internal(set) var frozenUntil: Int64 {
        get { first?.frozenTime ?? frozenTime }
        set { (first ?? self).frozenTime = newValue }
    }

    /// Until when no server can be reached from it.
    public var cutUntil: Int64 {
        get { first?.cutTime ?? cutTime }
        set { (first ?? self).cutTime = newValue }
    }

    /// Whether it runs: neither crashed nor ended nor standing still.
    public var isRunning: Bool { !isDead && !hasEnded && frozenUntil <= simulation.now }
    /// Whether what it sends arrives.
    public var isConnected: Bool { isRunning && cutUntil <= simulation.now }

    /// Lets something befall it once its threads have made so many steps.
    /// - Parameter countsPolls: whether those count that only ask for records: most steps are of that kind, and the others,
    ///   with which something changes, are where things go wrong.
    public func after(steps: Int64, countsPolls: Bool, _ what: @escaping () -> Void) {
        fate = (steps, countsPolls, what)
    }

    /// What was to befall it doesn't.
    public func spare() {
        fate = nil
        cutUntil = 0
    }

    /// Takes the time that a request takes, while others do what they do.
    /// - Parameter isPoll: whether it only asks for records.
    /// - Returns: whether it still lives; if not, nothing may happen any more.
    public func step(isPoll: Bool = false) -> Bool {
        if isDead { return false }
        let process = first ?? self
        if let fate = process.fate, fate.countsPolls || !isPoll {
            process.fate = fate.steps > 0 ? (fate.steps - 1, fate.countsPolls, fate.what) : nil
            if fate.steps <= 0 { fate.what() }
            if isDead { return false }
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

    /// Ends its ``sleep(_:)``.
    public func wake() {
        if !isDead, !hasEnded { simulation.resume(self, at: simulation.now) }
    }
}
