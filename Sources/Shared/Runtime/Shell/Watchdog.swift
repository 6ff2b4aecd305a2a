import ArgumentParser
import Glibc
import Logging

/// The last line of defence: ends the process when the pipeline's thread gives no sign of life for too long, so that
/// whoever started it starts it again. Docker Compose doesn't do that for a service that is only unhealthy.
///
/// Once a stop is requested it stands down: from then on `SHUTDOWN_TIMEOUT` holds.
struct Watchdog: Sendable {
    let heartbeat: Heartbeat
    /// The time without a beat from which on the thread hangs.
    let limit: Duration
    let stop: StopSignal
    let logger: Logger
    /// How often it looks.
    var interval = Duration.seconds(1)
    /// Ends the process, without the clean-up that `exit` would run under a living thread.
    var end: @Sendable () -> Void = { _exit(ExitCode.fatal.rawValue) }

    /// How long the last line of the log may take: it may be the log that hangs.
    private static let lastWords = Duration.seconds(2)

    /// Starts its thread.
    /// - Parameter over: ends it.
    func start(until over: StopSignal) throws(ThreadError) {
        try DedicatedThread.start(name: "watchdog") {
            let started = ContinuousClock.now
            var check = HangCheck(limit: limit, longestGap: interval * 2)
            while !over.sleep(for: interval) {
                if stop.isRequested { return }
                if check.isHung(beat: heartbeat.lastBeat, now: started.duration(to: .now)) {
                    speak()
                    return end()
                }
            }
        }
    }

    private func speak() {
        let deadline = ContinuousClock.now.advanced(by: Self.lastWords)
        _ = try? DedicatedThread.run(name: "last-words", while: { .now < deadline }) {
            logger.critical(
                "the process ends: the pipeline's thread has made no turn for \(limit) (HEARTBEAT_TIMEOUT)"
            )
        }
    }
}
