import Shared

/// The producer was fenced, the broker ended its transaction without it, or is away while it must be ended. What it had open
/// is aborted, so a new one goes on from the position in the state; the group sees to it that no partition has two owners.
struct ProducerLost: ClassifiedError {
    /// Why.
    let reason: String

    /// A new producer heals it.
    var disposition: Disposition { .retry }

    /// One line.
    var description: String {
        "the producer can't go on, a new one takes over: \(reason)"
    }
}
