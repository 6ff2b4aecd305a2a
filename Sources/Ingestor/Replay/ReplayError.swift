import Shared

/// Why a replay cannot go on. Nothing about a file gets better by trying again, so every case ends the service.
struct ReplayError: ClassifiedError, CustomStringConvertible {
    /// What is wrong, in one sentence.
    var description: String

    /// Whether it is only that a stop was requested.
    var isStop = false

    /// Makes an error.
    init(_ description: String) {
        self.description = description
    }

    /// A stop was requested in the middle; what was sent is known.
    static var stopped: ReplayError {
        var error = ReplayError("the replay was stopped")
        error.isStop = true
        return error
    }

    /// Always fatal.
    var disposition: Disposition { .fatal }
}
