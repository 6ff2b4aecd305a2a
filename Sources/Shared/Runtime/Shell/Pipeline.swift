/// What a service is to its shell: one blocking loop from its source to its sink.
///
/// ``run(stop:)`` is called on a thread of its own. After an error of ``Disposition/retry`` it is called again, so every
/// call builds all its state anew, from where the results are stored.
public protocol Pipeline: Sendable {
    /// Works until `stop.isRequested`, then finishes the batch in hand, commits and returns. Returning without having
    /// been asked means that the work is done (a replay that came to its end): the process ends with exit code 0.
    ///
    /// A loop calls ``Heartbeat/beat()`` of its ``Readiness`` every turn; without it `/healthz` fails, and the
    /// ``Watchdog`` ends the process. A wait that may last longer than a few seconds beats too.
    /// - Throws: a ``ClassifiedError``; any other error counts as ``Disposition/fatal``.
    func run(stop: StopSignal) throws
}
