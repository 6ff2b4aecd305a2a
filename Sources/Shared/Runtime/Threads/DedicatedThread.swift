import Dispatch
import Glibc
import Synchronization

/// Blocking work on a thread of its own, awaited from async code; it never holds a thread of the cooperative pool.
public enum DedicatedThread {
    /// Starts a thread, runs the work on it, and returns what it returned. It isn't cancelled with the task that
    /// waits: pass the work a ``StopSignal``.
    /// - Parameters:
    ///   - name: Shown by `ps -L` and debuggers; the kernel keeps 15 bytes of it.
    ///   - body: May block for as long as it likes.
    /// - Throws: what `body` throws, or ``ThreadError`` if the system has no thread left.
    public static func run<Value: Sendable>(
        name: String,
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            do {
                try start(name: name) { continuation.resume(with: Result { try body() }) }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    /// Runs work on a thread of its own and waits for it only as long as it is wanted: for calls of a C library that know
    /// no time-out. The work must own whatever it touches, because it may be left behind.
    /// - Parameter isWanted: asked again every tenth of a second.
    /// - Returns: what the work returned; nil when it was left behind.
    /// - Throws: ``ThreadError`` if the system has no thread left; `body` isn't called then.
    static func run<Value: Sendable>(
        name: String,
        while isWanted: () -> Bool,
        _ body: @escaping @Sendable () -> Value
    ) throws(ThreadError) -> Value? {
        let result = ThreadResult<Value>()
        try start(name: name) {
            let value = body()
            result.value.withLock { $0 = value }
            result.isDone.signal()
        }
        while result.isDone.wait(timeout: .now() + .milliseconds(100)) == .timedOut {
            if !isWanted() { return nil }
        }
        return result.value.withLock { $0 }
    }

    /// Starts a detached thread and returns at once.
    /// - Throws: ``ThreadError`` if the system has no thread left; `body` isn't called then.
    public static func start(name: String, _ body: @escaping @Sendable () -> Void) throws(ThreadError) {
        let code = create(ThreadWork(name: name, body: body))
        guard code == 0 else { throw ThreadError(code: code) }
    }

    /// How many of them have not come to their end.
    static var running: Int {
        runningThreads.load(ordering: .acquiring)
    }

    private static func create(_ work: ThreadWork) -> Int32 {
        let reference = Unmanaged.passRetained(work)
        runningThreads.add(1, ordering: .relaxed)
        var thread = pthread_t()
        let code = pthread_create(&thread, nil, runThreadWork, reference.toOpaque())
        if code == 0 {
            pthread_detach(thread)
        } else {
            reference.release()
            runningThreads.subtract(1, ordering: .releasing)
        }
        return code
    }
}

private let runningThreads = Atomic(0)

/// What the work of a thread returns to the one who waits for it.
private final class ThreadResult<Value: Sendable>: Sendable {
    let value = Mutex<Value?>(nil)
    let isDone = DispatchSemaphore(value: 0)
}

/// The work of one thread, carried over `pthread_create`'s pointer.
private final class ThreadWork: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }

    /// Glibc's `pthread_setname_np` isn't in Swift's Glibc module; this is what it does.
    func nameThisThread() {
        let descriptor = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        let bytes = Array(name.utf8.prefix(15))
        _ = write(descriptor, bytes, bytes.count)
        close(descriptor)
    }
}

private func runThreadWork(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    let work = Unmanaged<ThreadWork>.fromOpaque(argument).takeRetainedValue()
    work.nameThisThread()
    work.body()
    runningThreads.subtract(1, ordering: .releasing)
    return nil
}
