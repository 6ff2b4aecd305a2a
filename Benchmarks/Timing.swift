import Glibc

/// How long something took.
struct Timing {
    /// The two kinds of time.
    enum Clock {
        case wall
        case cpu
    }

    /// By the clock on the wall.
    var wallSeconds: Double
    /// Processor time of all threads of this process.
    var cpuSeconds: Double

    /// The time by that clock.
    func seconds(_ clock: Clock) -> Double {
        clock == .wall ? wallSeconds : cpuSeconds
    }

    /// Measures `body` once.
    static func of(_ body: () throws -> Void) rethrows -> Timing {
        let (wall, cpu) = (seconds(CLOCK_MONOTONIC), seconds(CLOCK_PROCESS_CPUTIME_ID))
        try body()
        return Timing(
            wallSeconds: seconds(CLOCK_MONOTONIC) - wall,
            cpuSeconds: seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu
        )
    }

    /// Measures bodies in turns, `rounds` times each, and gives the round with the least processor time of each: what a
    /// busy machine does to one of them it then does to the others as well.
    static func best(rounds: Int, of bodies: [() throws -> Void]) throws -> [Timing] {
        var best: [Timing] = []
        for round in 0..<rounds {
            for (index, body) in bodies.enumerated() {
                let timing = try of(body)
                if round == 0 {
                    best.append(timing)
                } else if timing.cpuSeconds < best[index].cpuSeconds {
                    best[index] = timing
                }
            }
        }
        return best
    }

    /// The largest resident memory of this process up to now, in MiB.
    static var peakRSSMegabytes: Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_maxrss) / 1_024
    }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1_000_000_000
    }
}
