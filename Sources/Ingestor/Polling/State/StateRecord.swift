/// One record of `ingestor.state`.
struct StateRecord: Sendable, Hashable {
    /// What it is about.
    var key: StateKey
    /// What it says, a JSON object; `nil` forgets it.
    var value: [UInt8]?
}
