import Testing

/// Waits until something holds, looking every 10 ms; records an issue when it hasn't within five minutes.
///
/// The time is a guard against waiting for ever, not a measure: a machine that runs other tests may need a while. Suites
/// that use it run with ``Testing/Trait/ownThread``, so that tests that compute can't keep it from looking.
public func eventually(_ what: Comment, _ condition: () throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(300)
    repeat {
        if try condition() { return }
        try await Task.sleep(for: .milliseconds(10))
    } while ContinuousClock.now < deadline
    if try !condition() { Issue.record("not within five minutes: \(what)") }
}
