/// A record that cannot become a row, as it was received, and why.
struct DeadLetter: Sendable, Equatable {
    /// Where it stood in its partition.
    let offset: Int64
    /// The key's bytes, if it had one.
    let key: [UInt8]?
    /// The value's bytes; nil for a tombstone.
    let value: [UInt8]?
    /// Why: the JSON error, or the server's message with its SQLSTATE.
    let error: String
    /// The server's code, if the server refused it.
    var sqlState: String?
}
