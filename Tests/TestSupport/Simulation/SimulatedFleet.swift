import Shared

/// The instances of a service, and what befalls them: each lives until it crashes, ends or is stopped, and another takes its
/// place.
public final class SimulatedFleet {
    private final class Place {
        var process: SimulatedProcess?
        var stop = StopSignal()
        var lives = 0
    }

    private let simulation: Simulation
    private let name: String
    private let live: (SimulatedProcess, StopSignal) -> Void
    private var places: [Place]
    private var isTroubled = true

    /// Starts so many instances.
    /// - Parameter live: what an instance does, until it is asked to stop or its process is dead.
    public init(
        _ name: String,
        of count: Int,
        in simulation: Simulation,
        _ live: @escaping (SimulatedProcess, StopSignal) -> Void
    ) {
        self.simulation = simulation
        self.name = name
        self.live = live
        places = (0..<count).map { _ in Place() }
        for place in places { start(place) }
        replace()
    }

    /// Lets something befall them every so often.
    /// - Parameters:
    ///   - pause: on average, in microseconds.
    ///   - more: what else may happen: to servers, for example.
    public func trouble(every pause: Int64, _ more: [() -> Void] = []) {
        simulation.after(simulation.number(below: 2 * pause)) { [weak self] in
            guard let self, isTroubled else { return }
            let place = simulation.random.pick(places)
            let kind = Int(simulation.number(below: Int64(6 + more.count)))
            let process = place.process.flatMap { $0.isDead || $0.hasEnded ? nil : $0 }
            if kind >= 6 {
                happen(at: process, more[kind - 6])
            } else if let process {
                befall(process, kind, place.stop)
            }
            trouble(every: pause, more)
        }
    }

    /// Most of a process's time passes while it waits, and things go wrong in between: so most happens at a step of one.
    private func happen(at process: SimulatedProcess?, _ what: @escaping () -> Void) {
        guard let process, !simulation.chance(1, in: 5) else { return what() }
        process.after(steps: simulation.number(below: 40), countsPolls: simulation.chance(1, in: 2), what)
    }

    /// From now on nothing befalls anybody.
    public func heal() {
        isTroubled = false
        for place in places {
            place.process?.spare()
        }
    }

    private func befall(_ process: SimulatedProcess, _ kind: Int, _ stop: StopSignal) {
        let length = simulation.number(below: 30_000_000)
        // Weak: it waits in the process itself.
        happen(at: process) { [simulation, weak process] in
            guard let process else { return }
            switch kind {
            case 0, 1: simulation.crash(process)
            case 2, 3: simulation.freeze(process, for: length)
            case 4:
                simulation.note("\(process.name) is cut off for \(length / 1_000) ms")
                process.cutUntil = simulation.now + length
            default:
                simulation.note("\(process.name) is asked to stop")
                stop.request()
            }
        }
    }

    private func start(_ place: Place) {
        place.lives += 1
        place.stop = StopSignal()
        let number = places.firstIndex { $0 === place } ?? 0
        place.process = simulation.start("\(name) \(number).\(place.lives)") { [live, stop = place.stop] process in
            live(process, stop)
        }
    }

    /// Puts another one in the place of each that is gone.
    private func replace() {
        simulation.after(1_000_000) { [weak self] in
            guard let self else { return }
            for place in places where place.process.map({ $0.isDead || $0.hasEnded }) ?? true {
                if !isTroubled || simulation.chance(1, in: 3) { start(place) }
            }
            replace()
        }
    }
}
