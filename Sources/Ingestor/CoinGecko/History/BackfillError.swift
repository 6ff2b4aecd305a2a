import Shared

/// Why a backfill does not begin, or goes no further by itself.
struct BackfillError: ClassifiedError {
    /// What is wrong and what to do.
    var description: String

    /// Makes an error.
    init(_ description: String) {
        self.description = description
    }

    /// A person has to change something.
    var disposition: Disposition { .fatal }
}
