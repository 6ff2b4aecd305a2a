import Shared

/// The broker no longer has the records that were to be read next: it deleted them while they waited.
struct PositionOutOfRange: ClassifiedError {
    /// What the consumer said.
    let error: KafkaError

    /// Join anew: there every position is compared with what the broker has, and `PERSISTER_ON_GAP` decides.
    var disposition: Disposition { .retry }

    /// What happened.
    var description: String { "joining the group again to compare the positions with what the broker has: \(error)" }
}
