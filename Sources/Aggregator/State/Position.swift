/// How far a partition was read.
public struct Position: Sendable, Hashable {
    /// The offset of the next record of `prices.raw`.
    public var nextOffset: Int64 = 0
    /// By partition of `alerts.rules`: records before this offset have been looked at for faults, which went to the
    /// dead letters.
    public var reportedRules: [Int32: Int64] = [:]
}
