import Shared

/// Why the schema cannot be brought up to date. Always for a person to set right.
enum MigrationError: ClassifiedError, Equatable {
    /// The folder of the schema cannot be used.
    case unreadable(path: String, reason: String)
    /// Two files have the same number.
    case sameNumber(String, String)
    /// A step that has been applied reads otherwise now.
    case changed(fileName: String)
    /// The database has a step that the folder lacks: it belongs to a newer version.
    case unknown(fileName: String)
    /// The server refused a step; nothing of it remains.
    case failed(fileName: String, error: String)

    /// A person has to look.
    var disposition: Disposition { .fatal }

    /// What happened and what to do.
    var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "the schema folder \(path) cannot be used: \(reason); set SCHEMA_DIR"
        case .sameNumber(let first, let second):
            "\(first) and \(second) have the same number"
        case .changed(let name):
            "\(name) has been applied and was changed since; restore it and put the change into a new file"
        case .unknown(let name):
            "the database has \(name), which is not in the schema folder: it belongs to a newer version"
        case .failed(let name, let error):
            "\(name) failed and was rolled back: \(error)"
        }
    }
}
