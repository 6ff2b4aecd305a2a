import Logging
import Synchronization
import TestSupport
import Testing

@testable import Shared

@Suite("Watchdog")
struct WatchdogTests {
    /// Looks a second apart with a limit of five; each is the beat that is found, or nil, and whether the thread hangs.
    private func verdicts(_ beats: [Int64?], at times: [Int]? = nil) -> [Bool] {
        var check = HangCheck(limit: .seconds(5), longestGap: .seconds(2))
        return beats.enumerated().map { index, beat in
            check.isHung(beat: beat, now: .seconds(times?[index] ?? index))
        }
    }

    @Test("a thread hangs when the same beat was seen for the limit")
    func same() {
        #expect(verdicts([1, 1, 1, 1, 1, 1, 1]) == [false, false, false, false, false, true, true])
    }

    @Test("each new beat begins anew, also one that comes late")
    func beats() {
        #expect(verdicts([1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3]).allSatisfy { !$0 })
        #expect(verdicts([1, 2, 3, 4, 5, 6, 7, 8, 9]).allSatisfy { !$0 })
    }

    @Test("before the first beat there is nothing that could hang")
    func none() {
        #expect(verdicts([nil, nil, nil, nil, nil, nil, nil, nil]).allSatisfy { !$0 })
        #expect(verdicts([nil, nil, nil, nil, nil, nil, 1, 1, 1, 1, 1, 1]).last == true)
    }

    @Test("a process that was stopped, or a machine that slept, wakes with an old beat and goes on")
    func slept() {
        #expect(verdicts([1, 1, 2, 2], at: [0, 3_600, 3_601, 7_200]).allSatisfy { !$0 })
        #expect(verdicts([1, 1, 1, 1], at: [0, 100, 200, 300]) == [false, false, false, true])
        // A clock that stands still, or goes back, adds nothing.
        #expect(verdicts([1, 1, 1, 1], at: [9, 9, 5, 5]).allSatisfy { !$0 })
    }

    private func watch(_ heartbeat: Heartbeat, stop: StopSignal, over: StopSignal) throws -> @Sendable () -> Int {
        final class Ends: Sendable {
            let count = Mutex(0)
        }
        let ends = Ends()
        var watchdog = Watchdog(
            heartbeat: heartbeat,
            limit: .milliseconds(300),
            stop: stop,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        watchdog.interval = .milliseconds(20)
        watchdog.end = { ends.count.withLock { $0 += 1 } }
        try watchdog.start(until: over)
        return { ends.count.withLock { $0 } }
    }

    @Test("the process ends once the beats stay away, and not while they come")
    func ends() async throws {
        let (over, beating) = (StopSignal(), StopSignal())
        defer {
            over.request()
            beating.request()
        }
        let alive = Readiness().heartbeat
        try DedicatedThread.start(name: "beats") {
            while !beating.sleep(for: .milliseconds(1)) { alive.beat() }
        }
        let lives = try watch(alive, stop: StopSignal(), over: over)
        let dead = Readiness().heartbeat
        dead.beat()
        let dies = try watch(dead, stop: StopSignal(), over: over)
        try await eventually("it ends") { dies() == 1 }
        #expect(lives() == 0)
    }

    @Test("it stands down once a stop is requested, for which SHUTDOWN_TIMEOUT holds, and when all is over")
    func standsDown() async throws {
        let (stop, over) = (StopSignal(), StopSignal())
        defer { over.request() }
        stop.request()
        let hanging = Readiness().heartbeat
        hanging.beat()
        let stopped = try watch(hanging, stop: stop, over: over)
        let isOver = StopSignal()
        isOver.request()
        let finished = try watch(hanging, stop: StopSignal(), over: isOver)
        let dies = try watch(hanging, stop: StopSignal(), over: over)
        try await eventually("a third one ends it") { dies() == 1 }
        #expect(stopped() == 0)
        #expect(finished() == 0)
    }
}
