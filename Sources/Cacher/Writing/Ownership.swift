import Shared

/// Which partitions a writer is the owner of, and the token by which Redis knows it.
///
/// The hash `owners` has for each partition the token of who has claimed it last, and counts the claims. A writer watches the
/// hash, and looks after each transaction whether there were claims since: so the next one is carried out only if nobody has
/// claimed anything. A writer that slept for an hour (a zombie) writes nothing when it wakes, and a Redis that has lost its
/// data, and the hash with it, takes nothing before that is noticed.
struct Ownership: Sendable {
    /// A partition, by its field in the hash.
    private(set) var partitions: [String] = []
    /// Another one after each assignment.
    private(set) var token = ""
    /// The claim that was seen last; nil when it isn't sure that ours still holds.
    var claim: Int64?
    /// Whether ours may be put in the place of another's: once after an assignment, and once when we have let go for a while.
    var mayClaim = false

    /// Other partitions are ours.
    mutating func assign(_ partitions: [String]) {
        self.partitions = partitions
        func word() -> String { String(UInt64.random(in: .min ... .max), radix: 36) }
        token = partitions.isEmpty ? "" : word() + word()
        claim = nil
        mayClaim = true
    }
}
