import Shared

/// The service stopped with records in hand that the database did not take in time. They are not lost: the position is
/// before them.
struct LeftUnwritten: ClassifiedError, Equatable {
    /// How many.
    let records: Int

    /// The next start reads them again.
    var disposition: Disposition { .retry }

    /// What happened.
    var description: String { "PostgreSQL did not take \(records) records in hand before the stop" }
}
