import Shared

/// A record of the changelog that can't be used.
struct StateFault: Sendable, Hashable {
    /// The record's offset.
    var offset: Int64
    /// Its key, cut.
    var key: String
    /// What is wrong with it.
    var reason: String

    /// Names a record.
    init(offset: Int64, key: String, reason: String) {
        self.offset = offset
        self.key = key.cut(to: 256)
        self.reason = reason.cut(to: 256)
    }
}
