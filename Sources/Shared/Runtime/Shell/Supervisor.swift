import ArgumentParser
import Logging

/// Runs a pipeline again and again until it is asked to stop, its work is done, or it fails for good. Blocks its thread.
struct Supervisor: Sendable {
    let pipeline: any Pipeline
    let readiness: Readiness
    let stop: StopSignal
    let logger: Logger
    let restarts: PrometheusCounter
    let backoff: Backoff

    /// Runs to the end.
    func run() -> ExitCode {
        var backoff = self.backoff
        while !stop.isRequested {
            readiness.reset("starting")
            readiness.set(Readiness.pipeline, .ok)
            readiness.heartbeat.beat()
            do {
                try pipeline.run(stop: stop)
                readiness.set(Readiness.pipeline, .failing("stopped"))
                if !stop.isRequested {
                    logger.info("the work is done")
                }
                return .success
            } catch {
                let readyTime = readiness.readyTime
                readiness.set(Readiness.pipeline, .failing("\(error)"))
                let disposition = (error as? any ClassifiedError)?.disposition ?? .fatal
                guard disposition == .retry || disposition == .interrupted else {
                    logger.critical("the service ends: \(error)")
                    return .fatal
                }
                if stop.isRequested {
                    // A pipeline takes nothing in hand before it is ready.
                    if disposition == .interrupted || readyTime == .zero {
                        logger.info("stopped with nothing in hand")
                        return .success
                    }
                    logger.error(
                        "the last batch failed while stopping; what it had read and not committed is read again: \(error)"
                    )
                    return .fatal
                }
                let delay = backoff.next(healthyFor: readyTime, random: .random(in: 0..<1))
                restarts.increment()
                logger.warning(
                    "starting again in \(delay.inSeconds): \(error)",
                    metadata: ["failures": "\(backoff.failures)"]
                )
                sleep(for: delay)
            }
        }
        return .success
    }

    /// Sleeps until the time is over or stop is requested, with a heartbeat every second: waiting is not hanging.
    private func sleep(for delay: Duration) {
        let end = ContinuousClock.now.advanced(by: delay)
        while !stop.isRequested {
            let left = ContinuousClock.now.duration(to: end)
            guard left > .zero else { return }
            readiness.heartbeat.beat()
            stop.sleep(for: min(left, .seconds(1)))
        }
    }
}
