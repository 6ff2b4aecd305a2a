import ArgumentParser
import Logging
import ServiceLifecycle
import Synchronization

/// The pipeline as a member of the service group: its supervisor on a thread of its own, and a bound on how long the
/// thread may take to stop.
final class PipelineService: Service {
    private let supervisor: Supervisor
    private let shutdownTimeout: Duration
    private let result = Mutex(ExitCode.fatal)

    init(supervisor: Supervisor, shutdownTimeout: Duration) {
        self.supervisor = supervisor
        self.shutdownTimeout = shutdownTimeout
    }

    /// How it ended; asked after ``run()`` returned.
    var exitCode: ExitCode {
        result.withLock { $0 }
    }

    func run() async throws {
        let (ends, continuation) = AsyncStream.makeStream(of: ExitCode?.self)
        let supervisor = self.supervisor
        let timeout = shutdownTimeout
        try DedicatedThread.start(name: "pipeline") { continuation.yield(supervisor.run()) }
        // A thread inside a blocking call cannot be cancelled: after the timeout it is left behind, and the process ends.
        let first = Task { await ends.first { _ in true } ?? nil }
        let code = await withGracefulShutdownHandler {
            await withTaskCancellationHandler {
                await first.value
            } onCancel: {
                Self.requestStop(supervisor, timeout, continuation)
            }
        } onGracefulShutdown: {
            Self.requestStop(supervisor, timeout, continuation)
        }
        if code == nil {
            supervisor.logger.error(
                "the pipeline did not stop in \(timeout); what it had read and not committed is read again"
            )
        }
        result.withLock { $0 = code ?? .fatal }
    }

    /// What the pipeline must leave of the time, so that it ends by itself, and says why, before it is left behind.
    private static func reserve(_ timeout: Duration) -> Duration {
        min(.milliseconds(500), timeout / 4)
    }

    private static func requestStop(
        _ supervisor: Supervisor,
        _ timeout: Duration,
        _ continuation: AsyncStream<ExitCode?>.Continuation
    ) {
        supervisor.logger.info("stopping: finishing the batch in hand")
        supervisor.readiness.set(Readiness.pipeline, .failing("stopping"))
        supervisor.stop.request(within: timeout - Self.reserve(timeout))
        Task {
            try? await Task.sleep(for: timeout)
            continuation.yield(nil)
        }
    }
}
