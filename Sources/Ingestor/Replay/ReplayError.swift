import Shared

/// Why a replay cannot go on. Nothing about a file gets better by trying again, so every case ends the service.
struct ReplayError: ClassifiedError, CustomStringConvertible {
    /// What is wrong, in one sentence.
    var description: String

    /// Makes an error.
    init(_ description: String) {
        self.description = description
    }

    /// Always fatal.
    var disposition: Disposition { .fatal }
}
