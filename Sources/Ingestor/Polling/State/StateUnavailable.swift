import Shared

/// A record of ours did not come back from `ingestor.state` in time: the brokers are away, or slow.
struct StateUnavailable: ClassifiedError {
    /// The next attempt may work.
    var disposition: Disposition { .retry }

    /// One line.
    var description: String { "ingestor.state takes no records now" }
}
