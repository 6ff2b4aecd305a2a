import Foundation
import Testing

/// Runs each test of a suite on a thread of its own: for tests that block, on a broker, a process or a server, and for
/// those that compute for seconds.
///
/// The cooperative pool has one thread a core; a few such tests on it would hold all the others up.
public struct OwnThread: TestTrait, SuiteTrait, TestScoping {
    /// Every test of the suite, not the suite as one.
    public var isRecursive: Bool { true }

    /// Runs one test case.
    public func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(ThreadExecutor()) {
            try await function()
        }
    }

    /// Gives every job a new thread.
    private final class ThreadExecutor: TaskExecutor {
        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            Thread.detachNewThread {
                job.runSynchronously(on: self.asUnownedTaskExecutor())
            }
        }
    }
}

extension Trait where Self == OwnThread {
    /// Each test on a thread of its own, because it blocks or computes for long.
    public static var ownThread: OwnThread { OwnThread() }
}
