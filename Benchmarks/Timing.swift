import Foundation
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

    /// Processor time of all threads of another process, up to now.
    static func cpuSeconds(of process: Int32) throws -> Double {
        // proc(5): utime and stime are the 14th and 15th field, the 12th and 13th after the name's closing parenthesis.
        let text = try String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ").dropFirst()
        let ticks = fields.dropFirst(11).prefix(2).compactMap { Double($0) }
        guard ticks.count == 2 else { throw BenchmarkError("no processor time in \(text)") }
        return ticks.reduce(0, +) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// The largest resident memory of another process up to now, in MiB.
    static func peakRSSMegabytes(of process: Int32) throws -> Double {
        let text = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        guard let kilobytes = line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first,
            let value = Double(kilobytes)
        else { throw BenchmarkError("no VmHWM in \(text)") }
        return value / 1_024
    }

    /// A clock's reading in seconds.
    static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1_000_000_000
    }
}
