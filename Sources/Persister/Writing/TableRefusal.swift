import Shared

/// A table takes no row at all, not even one that is surely good: the server, or its schema, is at fault, and no record.
struct TableRefusal: ClassifiedError {
    /// The table.
    let table: SinkTable
    /// Why the good row was refused.
    let error: PostgresError

    /// A person may set the table right while the service waits.
    var disposition: Disposition { .retry }

    /// What happened.
    var description: String {
        "\(table.name) refuses every row, so its records are not at fault: \(error)"
    }
}
