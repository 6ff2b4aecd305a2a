/// A partition's position in Redis, and where it moves with a batch.
struct PositionStep: Sendable, Hashable {
    /// The position's key.
    var key: String
    /// What Redis was last known to hold; -1 for nothing. When it holds less, it has lost data.
    var atLeast: Int64
    /// Everything before this offset is in Redis when the batch is.
    var next: Int64
}
