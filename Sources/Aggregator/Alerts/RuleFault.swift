import Shared

/// A record of `alerts.rules` that can't be used.
struct RuleFault: Sendable {
    /// The record as a dead letter.
    var letter: DeadLetter
    /// Where it was.
    var partition: Int32 { letter.source.partition }
    /// Where it was.
    var offset: Int64 { letter.offset }
}
