import Dispatch
import Shared
import Synchronization

/// Where connections put what they receive, and one thread takes it: batches cross threads, never single messages.
///
/// Two buffers change places, so nothing is allocated once they have grown. When what waits is more than the limit, the
/// connections stop reading until it was taken; the servers' own buffers fill then.
final class FeedInbox: Sendable {
    private struct State {
        var batch = FeedBatch()
        var isWaitedFor = false
        var isFull = false
        var readAgain: (@Sendable () -> Void)?
    }

    private static let longestWait = Duration.seconds(3600)
    private let limitBytes: Int
    private let state = Mutex(State())
    private let came = DispatchSemaphore(value: 0)

    /// An empty one.
    /// - Parameter limitBytes: from how much on nothing more is read. What one read brings may come on top of it, for each
    ///   connection, and what the kernel holds of one whose other side hangs up: NIO reads that at once.
    init(limitBytes: Int = 8 << 20) {
        self.limitBytes = limitBytes
    }

    /// Empties a batch and fills it with what has come.
    /// - Parameter waiting: how long to wait when there is nothing yet.
    func take(into batch: inout FeedBatch, waiting: Duration) {
        batch.removeAll()
        if swap(&batch, orWait: waiting > .zero) { return }
        let microseconds = Int(min(waiting, Self.longestWait).wholeMicroseconds)
        let isLate = came.wait(timeout: .now() + .microseconds(microseconds)) == .timedOut
        let wasSignalled = state.withLock { state in
            defer { state.isWaitedFor = false }
            return !state.isWaitedFor
        }
        // Something came between the end of the wait and here: its signal must not be left for the next wait.
        if isLate && wasSignalled { came.wait() }
        _ = swap(&batch, orWait: false)
    }

    /// Adds to what waits.
    /// - Returns: whether it is too much now: read no more until ``whenEmptied(_:)`` says so.
    func append<Result>(_ body: (inout FeedBatch) -> Result) -> (result: Result, isFull: Bool) {
        let (result, isFull, isWaitedFor) = state.withLock { state in
            let result = body(&state.batch)
            state.isFull = state.isFull || state.batch.size > limitBytes
            let isWaitedFor = state.isWaitedFor && !state.batch.entries.isEmpty
            if isWaitedFor { state.isWaitedFor = false }
            return (result, state.isFull, isWaitedFor)
        }
        if isWaitedFor { came.signal() }
        return (result, isFull)
    }

    /// Sets what is called when what was too much was taken; nil when there is nobody to read any more.
    func whenEmptied(_ readAgain: (@Sendable () -> Void)?) {
        state.withLock { $0.readAgain = readAgain }
    }

    /// - Returns: whether there is nothing to wait for.
    private func swap(_ batch: inout FeedBatch, orWait mayWait: Bool) -> Bool {
        state.withLock { state in
            guard state.batch.entries.isEmpty, mayWait else {
                Swift.swap(&state.batch, &batch)
                if state.isFull {
                    state.isFull = false
                    // Under the lock: after `whenEmptied(nil)` it must not be called any more.
                    state.readAgain?()
                }
                return true
            }
            state.isWaitedFor = true
            return false
        }
    }
}
