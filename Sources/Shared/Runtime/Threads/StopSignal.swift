import Glibc
import Synchronization

/// Set once, when the process was asked to end. Blocking loops look at it, and sleep on it instead of `sleep(3)`.
public final class StopSignal: Sendable {
    private let requested = Atomic<Bool>(false)
    private let made = ContinuousClock.now
    /// Nanoseconds from `made` to the time by which all must have ended; `Int64.max` while nobody has set one.
    private let deadline = Atomic<Int64>(.max)
    /// A pipe that gets one byte, never read, when stop is requested: `poll(2)` on it wakes at once and for ever after.
    private let readEnd: Int32
    private let writeEnd: Int32

    /// A signal that nobody has requested yet.
    public init() {
        var ends: [Int32] = [-1, -1]
        // Without descriptors left, poll(2) ignores the -1 and `sleep` still looks at the flag every 100 ms.
        _ = pipe(&ends)
        for end in ends where end >= 0 {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        readEnd = ends[0]
        writeEnd = ends[1]
    }

    deinit {
        if readEnd >= 0 { close(readEnd) }
        if writeEnd >= 0 { close(writeEnd) }
    }

    /// Whether the process was asked to end.
    public var isRequested: Bool {
        requested.load(ordering: .acquiring)
    }

    /// A descriptor that is readable from the moment stop is requested, for loops which `poll(2)` on sockets; -1 if the
    /// process had no descriptors left. It belongs to the signal: don't read from it, don't close it.
    public var fileDescriptor: Int32 {
        readEnd
    }

    /// Asks for the end. May be called from any thread and more than once.
    /// - Parameter timeout: how long what is in hand may take; without it as long as it likes.
    public func request(within timeout: Duration? = nil) {
        if let timeout {
            let end = made.duration(to: ContinuousClock.now.advanced(by: timeout))
            deadline.store(Int64(end / .nanoseconds(1)), ordering: .releasing)
        }
        guard !requested.exchange(true, ordering: .acquiringAndReleasing) else { return }
        var byte: UInt8 = 1
        _ = write(writeEnd, &byte, 1)
    }

    /// What a requested stop leaves of a wait: all of it while none is requested, less when its time runs out sooner.
    public func limit(_ wait: Duration) -> Duration {
        let end = deadline.load(ordering: .acquiring)
        guard isRequested, end != .max else { return wait }
        return max(.zero, min(wait, .nanoseconds(end) - made.duration(to: .now)))
    }

    /// Blocks the calling thread for a time, or until stop is requested.
    /// - Returns: whether stop was requested.
    @discardableResult
    public func sleep(for duration: Duration) -> Bool {
        let end = ContinuousClock.now.advanced(by: duration)
        while !isRequested {
            let left = ContinuousClock.now.duration(to: end)
            guard left > .zero else { break }
            let slice = readEnd >= 0 ? min(left, .seconds(3600)) : min(left, .milliseconds(100))
            // Rounded up, so that the last slice doesn't spin through zero milliseconds.
            let milliseconds = Int32(slice / .milliseconds(1)) + 1
            var descriptor = pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0)
            _ = poll(&descriptor, 1, milliseconds)
        }
        return isRequested
    }
}
