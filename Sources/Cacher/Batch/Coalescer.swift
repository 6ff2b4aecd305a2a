/// Keeps the newest value per key of a batch: all that Redis has to hear of.
///
/// A pure value: offered records in any order and any number of times, it holds for each key the one with the greatest
/// ``CacheVersion``; of two with the same version the first one.
public struct Coalescer<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    /// A key's newest value so far.
    public struct Entry: Sendable {
        /// How new it is.
        public var version: CacheVersion
        /// The value.
        public var value: Value
        /// It is written and not published.
        public var isSilent: Bool
    }

    /// The newest values, in the order in which their keys first appeared.
    public private(set) var entries: [Entry] = []
    private var positions: [Key: Int] = [:]

    /// Makes an empty one.
    public init() {}

    /// Takes a value in.
    /// - Parameter isSilent: it is written and not published.
    /// - Returns: false when a value at least as new was there already.
    @discardableResult
    public mutating func offer(
        _ value: Value,
        for key: Key,
        version: CacheVersion,
        isSilent: Bool = false
    ) -> Bool {
        guard let position = positions[key] else {
            positions[key] = entries.count
            entries.append(Entry(version: version, value: value, isSilent: isSilent))
            return true
        }
        guard version > entries[position].version else { return false }
        entries[position] = Entry(version: version, value: value, isSilent: isSilent)
        return true
    }

    /// Forgets everything and keeps the memory.
    public mutating func removeAll() {
        entries.removeAll(keepingCapacity: true)
        positions.removeAll(keepingCapacity: true)
    }
}
