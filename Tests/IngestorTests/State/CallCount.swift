import Synchronization

/// A count that several threads add to.
final class CallCount: Sendable {
    private let count = Mutex(0)

    /// What was added so far.
    var value: Int { count.withLock { $0 } }

    /// Adds one.
    func add() {
        count.withLock { $0 += 1 }
    }
}
