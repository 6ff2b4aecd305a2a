import Shared

/// A connection to a database as what writes over it sees it: ``PostgresConnection``, or one of a simulation.
///
/// What each call does stands at ``PostgresConnection``.
protocol DatabaseConnection: AnyObject {
    /// Host, port and database, for messages.
    var place: String { get }
    /// Whether the connection is still believed to stand.
    var isUsable: Bool { get }

    /// Runs statements, separated by semicolons, in one trip.
    /// - Returns: how many rows the last one touched.
    @discardableResult
    func execute(_ statements: String) throws(PostgresError) -> Int

    /// Runs one statement with parameters as text, and drops what it returns.
    /// - Returns: how many rows it touched.
    @discardableResult
    func execute(_ statement: String, _ parameters: [String?]) throws(PostgresError) -> Int

    /// Runs one statement with parameters as text.
    /// - Returns: its rows, each value as text or nil for NULL.
    func query(_ statement: String, _ parameters: [String?]) throws(PostgresError) -> [[String?]]

    /// Sends rows in PostgreSQL's binary COPY format.
    func copy(_ statements: String, rows: UnsafeRawBufferPointer) throws(PostgresError)
}
