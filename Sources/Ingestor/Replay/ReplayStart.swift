/// Where a replay begins.
enum ReplayStart: String, Sendable, CaseIterable {
    /// Behind what of the file is in the topic already, as `ingestor.state` has it.
    case position
    /// At the first line.
    case beginning
}
