/// What connections have brought, in the order in which it came.
struct FeedBatch: Sendable {
    /// One thing that happened to one connection.
    struct Entry: Sendable, Hashable {
        /// What happened.
        enum Kind: Sendable, Hashable {
            /// It is open.
            case opened
            /// A message came; it stands in ``FeedBatch/bytes``.
            case message(Range<Int>)
            /// It is closed, or could not be opened: the last entry of an attempt, and one that each attempt has.
            /// - Parameters:
            ///   - reason: one line.
            ///   - retryAfter: how long the server asks to be left alone, when it does.
            case closed(reason: String, retryAfter: Duration?)
        }

        /// The number that ``WebSocketGroup/connect(_:to:)`` was given.
        var connection: Int
        /// What happened.
        var kind: Kind
    }

    /// The messages, one behind the other. They should be UTF-8 and nobody has looked: the scanner that reads them checks
    /// the bytes of the texts it takes, which are few of them.
    var bytes: [UInt8] = []
    /// What happened.
    var entries: [Entry] = []

    /// About how much memory it takes.
    var size: Int { bytes.count + entries.count * MemoryLayout<Entry>.stride }

    /// Empties it, and keeps its memory for the next.
    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
    }
}
