import Shared

/// A partition's state can't be used, and going on without it would be wrong: a person has to look.
struct StateError: ClassifiedError, Hashable {
    /// The partition of `aggregator.state`.
    var partition: Int32
    /// The record that stands in the way.
    var fault: StateFault

    /// Nothing heals it by itself.
    var disposition: Disposition { .fatal }

    /// Where it is, what is wrong, and where to read on.
    var description: String {
        "the state in aggregator.state, partition \(partition), offset \(fault.offset), can't be used: \(fault.key): "
            + "\(fault.reason); docs/troubleshooting.md, \"The Aggregator's state\", says how to rebuild a partition"
    }
}
