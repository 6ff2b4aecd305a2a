import Dispatch
import Foundation
import Shared

/// Processes, servers and a clock in one process, and a seed that says what happens when.
///
/// Each simulated process has a thread of its own, so that the code of a service runs in it as it is, but one of them runs at
/// a time: whoever asks a simulated server for something says so by ``SimulatedProcess/step()``, and goes on when its time has
/// come. Time stands still while somebody runs. So the same seed gives the same run, as long as nothing else is asked for
/// random numbers or for the time. An order that Swift's hashing gives is part of a run too: with
/// `SWIFT_DETERMINISTIC_HASHING=1` it is the same in every process.
public final class Simulation: @unchecked Sendable {
    private struct Entry {
        var time: Int64
        var number: UInt64
        var what: What

        enum What {
            case action(() -> Void)
            case resume(SimulatedProcess, ticket: UInt64)
        }
    }

    /// The seed.
    public let seed: UInt64
    /// Whatever is left to chance asks this.
    public var random: SplitMix64
    /// The time since the simulation began, in microseconds.
    public private(set) var now: Int64 = 0
    /// The time of day at which it begins, in microseconds since the Unix epoch.
    public static let beginning: Int64 = 1_768_000_000_000_000
    /// What has happened of late, for the report of a failure; empty unless ``isTraced``.
    public private(set) var trace: [String] = []
    /// Whether ``note(_:)`` writes.
    public var isTraced = false
    private let instant = ContinuousClock.now
    /// Latest first.
    private var entries: [Entry] = []
    private var nextNumber: UInt64 = 0
    private var end: Int64 = 0
    private let pause = DispatchSemaphore(value: 0)
    private var processes: [SimulatedProcess] = []

    /// Begins with nobody.
    public init(seed: UInt64) {
        self.seed = seed
        random = SplitMix64(seed: seed)
    }

    /// The clocks, as the processes are shown them.
    public var clocks: Clocks {
        Clocks(
            reading: { [unowned self] in
                ClockReading(wall: EventTime(microseconds: Self.beginning + now), monotonic: now)
            },
            instant: { [unowned self] in instant.advanced(by: .microseconds(now)) }
        )
    }

    /// Remembers a line of what happens.
    public func note(_ line: @autoclosure () -> String) {
        guard isTraced else { return }
        trace.append("\(Double(now / 100) / 10_000) \(line())")
        if trace.count > 4_000 { trace.removeFirst(2_000) }
    }

    /// A number from 0 to below a limit.
    public func number(below limit: Int64) -> Int64 {
        limit > 0 ? Int64(random.next() % UInt64(limit)) : 0
    }

    /// True with the probability `numerator / denominator`.
    public func chance(_ numerator: UInt64, in denominator: UInt64) -> Bool {
        random.chance(numerator, in: denominator)
    }

    /// Does something later.
    /// - Parameter delay: in microseconds.
    public func after(_ delay: Int64, _ action: @escaping () -> Void) {
        push(now + delay, .action(action))
    }

    /// Starts a process.
    /// - Parameters:
    ///   - first: the process that this is a further thread of.
    ///   - body: what it does, on a thread of its own.
    @discardableResult
    public func start(
        _ name: String,
        in first: SimulatedProcess? = nil,
        _ body: @escaping (SimulatedProcess) -> Void
    ) -> SimulatedProcess {
        let process = SimulatedProcess(name: name, simulation: self, first: first)
        process.isDead = first?.isDead ?? false
        processes.append(process)
        note("\(name) starts")
        resume(process, at: now)
        let carried = Carried(body: body)
        let thread = Thread { [self] in
            process.baton.wait()
            if !process.isDead { carried.body(process) }
            process.hasEnded = true
            processes.removeAll { $0 === process }
            note("\(name) has ended")
            _ = turn(of: nil)
        }
        thread.stackSize = 4 << 20
        thread.start()
        return process
    }

    private struct Carried: @unchecked Sendable {
        let body: (SimulatedProcess) -> Void
    }

    /// Lets time pass.
    /// - Parameter time: until when, in microseconds since the beginning.
    public func run(until time: Int64) {
        end = time
        if turn(of: nil) { pause.wait() }
        now = max(now, time)
    }

    /// Ends every process where it stands.
    public func finish() {
        while let process = processes.first {
            crash(process)
            run(until: now)
        }
        entries = []
    }

    /// Ends a process where it stands: no call of it has any effect from now on.
    public func crash(_ process: SimulatedProcess) {
        guard !process.isDead, !process.hasEnded else { return }
        note("\(process.name) crashes")
        process.isDead = true
        for action in process.lastWords { action() }
        process.lastWords = []
        process.frozenUntil = 0
        resume(process, at: now)
        for other in processes where other.first === process { crash(other) }
    }

    /// Lets a process stand still for so long, as SIGSTOP does: it goes on as if nothing had happened.
    public func freeze(_ process: SimulatedProcess, for duration: Int64) {
        note("\(process.name) stands still for \(duration / 1_000) ms")
        process.frozenUntil = now + duration
    }

    /// Lets others run until a time comes. For ``SimulatedProcess``.
    func wait(_ process: SimulatedProcess, until time: Int64) {
        resume(process, at: time)
        if turn(of: process) { process.baton.wait() }
    }

    func resume(_ process: SimulatedProcess, at time: Int64) {
        process.ticket += 1
        push(time, .resume(process, ticket: process.ticket))
    }

    private func push(_ time: Int64, _ what: Entry.What) {
        nextNumber += 1
        let entry = Entry(time: time, number: nextNumber, what: what)
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].time > time { low = middle + 1 } else { high = middle }
        }
        entries.insert(entry, at: low)
    }

    /// Does what is due next, until it is somebody's turn.
    /// - Returns: false when that is the one who asks; otherwise it has been told.
    private func turn(of current: SimulatedProcess?) -> Bool {
        while let entry = entries.last, entry.time <= end {
            entries.removeLast()
            now = max(now, entry.time)
            switch entry.what {
            case .action(let action): action()
            case .resume(let process, let ticket):
                guard ticket == process.ticket, !process.hasEnded else { continue }
                if process.frozenUntil > now {
                    resume(process, at: process.frozenUntil)
                    continue
                }
                if process === current { return false }
                process.baton.signal()
                return true
            }
        }
        pause.signal()
        return true
    }
}
