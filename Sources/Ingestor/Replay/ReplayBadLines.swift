/// What to do about a line that makes no tick.
enum ReplayBadLines: String, Sendable, CaseIterable {
    /// Count it, log it with its number, and go on.
    case skip
    /// End with an error that names it.
    case stop
}
