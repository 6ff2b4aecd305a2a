/// The records of a partition's changelog that can't be used; a later good record of the same key takes one back.
///
/// A bad pane, coin or alert is dropped, and what it may have held is marked as missing: one bad record must not keep a
/// partition from starting. Only without its position a partition can't go on.
struct StateFaults: Sendable {
    /// How many are kept: so many bad records are no accident, but another version's state or none.
    static let limit = 1_000
    /// Bad values, by key.
    private(set) var values: [StateKey: StateFault] = [:]
    /// The first record whose key is none of ours.
    private(set) var firstUnknownKey: StateFault?
    /// How many records have such keys. They are left where they are: a newer version may know them.
    private(set) var unknownKeys = 0
    /// Whether there were more bad values than are kept.
    private(set) var isFull = false

    /// Whether all records could be used.
    var isEmpty: Bool { values.isEmpty && unknownKeys == 0 }

    /// A value can't be used.
    mutating func add(_ fault: StateFault, of key: StateKey) {
        guard values.count < Self.limit || values[key] != nil else {
            isFull = true
            return
        }
        values[key] = fault
    }

    /// A later record of the key is good.
    mutating func remove(_ key: StateKey) {
        guard !values.isEmpty else { return }
        values[key] = nil
    }

    /// A key is none of ours.
    mutating func addUnknownKey(_ fault: StateFault) {
        unknownKeys += 1
        if firstUnknownKey == nil { firstUnknownKey = fault }
    }
}
