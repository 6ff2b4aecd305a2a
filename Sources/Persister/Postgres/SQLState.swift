import Shared

/// A PostgreSQL error code: five characters, the first two of which are the class.
struct SQLState: Hashable, Sendable, CustomStringConvertible {
    /// The five characters.
    let code: String

    /// A code; any text is taken.
    init(_ code: String) {
        self.code = code
    }

    /// The first two characters, for example `22` for data exceptions.
    var errorClass: String {
        String(code.prefix(2))
    }

    /// The code.
    var description: String { code }

    /// The connection is gone, or never came to be. libpq reports these without a code of the server.
    static let connectionFailure = SQLState("08006")
    /// A key that must be unique is there already.
    static let uniqueViolation = SQLState("23505")
    /// The server takes no writes: a standby, or a disk that the administrator has closed.
    static let readOnly = SQLState("25006")
    /// No space left on the server's disk.
    static let diskFull = SQLState("53100")
    /// A wrong password.
    static let invalidPassword = SQLState("28P01")
    /// No such database.
    static let unknownDatabase = SQLState("3D000")
    /// No such table.
    static let undefinedTable = SQLState("42P01")

    /// What a failure with this code means for the batch in hand. This is the only place that decides it.
    ///
    /// - The classes of the server and of the way to it may pass: 08 connection, 53 resources (disk full, too many
    ///   connections), 57 operator intervention (restart), 40 deadlock and serialization, 55 locks, 58 and XX system
    ///   errors, 25 and 3B (a transaction that timed out, a read-only server), 72 and F0.
    /// - 28, 3D, 42, 0A and the like (password, no such database, no such table): only a person can set it right.
    /// - Everything else, so 22, 23, 54, P0 and whatever a server may think of: a record is at fault. Trying it for ever
    ///   would hold up all that come behind it. That it isn't the table after all, ``BatchWriter`` makes sure of.
    var disposition: Disposition {
        switch errorClass {
        case "08", "25", "3B", "40", "53", "55", "57", "58", "72", "F0", "XX": .retry
        case "0A", "26", "28", "34", "3D", "3F", "42": .fatal
        default: .badData
        }
    }

    /// Whether there is no server to talk to: it can't be reached, is starting, or ends.
    var isServerAway: Bool {
        errorClass == "08" || code.hasPrefix("57P")
    }

    /// Whether less at once may succeed: out of memory or of locks, or the statement ran out of its time.
    var isTooMuchAtOnce: Bool {
        code == "53200" || code == "57014"
    }
}
