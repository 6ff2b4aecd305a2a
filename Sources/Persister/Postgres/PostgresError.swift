import Shared

/// What the server, or the way to it, answered instead of doing what was asked.
struct PostgresError: ClassifiedError {
    /// The code; ``SQLState/connectionFailure`` when there was no server to give one.
    let sqlState: SQLState
    /// One line that says what happened, and what to do where that is known. Never holds the password.
    let message: String
    /// The row of a COPY at which the server stopped, counted from 0, when it says so. Only a hint: it is read from text.
    var row: Int?

    /// Whether a record is at fault, or the server, or the settings.
    var disposition: Disposition { sqlState.disposition }

    /// The message with its code.
    var description: String { "\(message) (SQLSTATE \(sqlState))" }
}
