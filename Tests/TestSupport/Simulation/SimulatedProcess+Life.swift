import Shared

extension SimulatedProcess {
    /// From its start to its end: as the shell does, it begins anew after an error that may pass.
    /// - Parameters:
    ///   - mayPass: whether an error is one of those.
    ///   - failed: gets what only a person could mend.
    ///   - run: what the process does until it is to stop.
    public func live(
        until stop: StopSignal,
        mayPass: (any Error) -> Bool = { ($0 as? any ClassifiedError)?.disposition == .retry },
        failed: (String) -> Void,
        _ run: () throws -> Void
    ) {
        var backoff = Backoff()
        while !isDead, !stop.isRequested {
            do {
                try run()
            } catch {
                if isDead { return }
                simulation.note("\(name): \(error)")
                if !mayPass(error) { failed("\(name): \(error)") }
                sleep(backoff.next(random: 0.5).wholeMicroseconds)
            }
        }
    }
}
