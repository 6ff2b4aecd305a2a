/// How a failure is to be answered. Every library's error type maps to one of these in exactly one place.
public enum Disposition: String, Sendable, CaseIterable {
    /// A fault of connectivity, or another that time may heal: back off, build the state anew, lose nothing.
    case retry
    /// Nothing the process can do heals it: end with ``ArgumentParser/ExitCode/fatal``, so that a person looks.
    case fatal
    /// A wait was given up because the process was asked to end, and nothing was in hand: no failure at all.
    case interrupted
    /// The record in hand is at fault, not the service: it goes to `prices.dead-letter` and the work goes on.
    case badData
}
