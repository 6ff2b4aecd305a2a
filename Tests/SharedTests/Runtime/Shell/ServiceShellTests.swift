import ArgumentParser
import Glibc
import Logging
import Synchronization
import Testing

@testable import Shared

// One at a time: a signal that one test sends reaches every shell of the process.
@Suite("ServiceShell", .serialized)
struct ServiceShellTests {
    struct Fault: ClassifiedError {
        var disposition: Disposition
        var description: String { "a fault to \(disposition)" }
    }

    struct UnclassifiedFault: Error {}

    /// A pipeline that fails as often as told, then runs until stop.
    final class TestPipeline: Pipeline {
        let failures: [any Error]
        let runs = Mutex(0)
        let drained = Mutex(false)
        let readiness: Readiness
        /// Called on the pipeline's thread when it runs, after its failures.
        let whenRunning: @Sendable () -> Void

        init(failures: [any Error], readiness: Readiness, whenRunning: @escaping @Sendable () -> Void = {}) {
            self.failures = failures
            self.readiness = readiness
            self.whenRunning = whenRunning
        }

        func run(stop: StopSignal) throws {
            let run = runs.withLock { runs in
                defer { runs += 1 }
                return runs
            }
            readiness.set("source", .ok)
            if run < failures.count { throw failures[run] }
            whenRunning()
            while !stop.sleep(for: .seconds(600)) {}
            drained.withLock { $0 = true }
        }
    }

    /// A pipeline of one closure.
    struct ClosurePipeline: Pipeline {
        let body: @Sendable (StopSignal) throws -> Void

        func run(stop: StopSignal) throws {
            try body(stop)
        }
    }

    private func shell(
        _ pipeline: any Pipeline,
        readiness: Readiness = Readiness("source"),
        stop: StopSignal = StopSignal(),
        registry: PrometheusRegistry = PrometheusRegistry(),
        environment: [String: String] = [:]
    ) throws -> ServiceShell {
        let defaults = ["HTTP_HOST": "127.0.0.1", "HTTP_PORT": "0"]
        let reader = SettingsReader(environment: defaults.merging(environment) { $1 })
        return ServiceShell(
            service: "test",
            settings: try RuntimeSettings(reader, httpPort: 0),
            readiness: readiness,
            pipeline: pipeline,
            stop: stop,
            registry: registry,
            backoff: Backoff(initial: .milliseconds(1), cap: .milliseconds(2)),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    @Test("a pipeline that fails twice is started again twice, counted, and then runs until SIGTERM, which drains it")
    func restarts() async throws {
        let readiness = Readiness("source")
        let registry = PrometheusRegistry()
        let retry = Fault(disposition: .retry)
        let wasReady = Mutex(false)
        let pipeline = TestPipeline(failures: [retry, retry], readiness: readiness) {
            wasReady.withLock { $0 = readiness.isReady }
            // A real signal to this very process, caught by the service group.
            kill(getpid(), SIGTERM)
        }
        let code = try await shell(pipeline, readiness: readiness, registry: registry).run(handlingSignals: true)
        #expect(code == .success)
        #expect(pipeline.runs.withLock { $0 } == 3)
        #expect(pipeline.drained.withLock { $0 })
        #expect(wasReady.withLock { $0 })
        #expect(!readiness.isReady)
        let metrics = registry.render()
        #expect(metrics.contains("tickline_restarts_total 2\n"))
        #expect(metrics.contains("tickline_ready{condition=\"pipeline\"} 0\n"))
        #expect(metrics.contains("tickline_ready{condition=\"source\"} 1\n"))
    }

    @Test(
        "an error that isn't to be retried ends the process with exit code 1 at the first run",
        arguments: [Fault(disposition: .fatal) as any Error, Fault(disposition: .badData), UnclassifiedFault()]
    )
    func fatal(error: any Error) async throws {
        let pipeline = TestPipeline(failures: [error], readiness: Readiness())
        let code = try await shell(pipeline).run(handlingSignals: false)
        #expect(code == .fatal)
        #expect(pipeline.runs.withLock { $0 } == 1)
    }

    @Test("a pipeline whose work is done ends the process with exit code 0")
    func done() async throws {
        let code = try await shell(ClosurePipeline { _ in }).run(handlingSignals: false)
        #expect(code == .success)
    }

    @Test(
        "a failure while stopping ends with exit code 1 where something was in hand, and isn't started again",
        arguments: [
            // A pipeline takes nothing in hand before it is ready, nor when it says that it only waited.
            (true, Disposition.retry, ExitCode.fatal), (false, .retry, .success), (true, .interrupted, .success),
            (false, .interrupted, .success), (false, .fatal, .fatal),
        ]
    )
    func failsWhileStopping(wasReady: Bool, disposition: Disposition, expected: ExitCode) async throws {
        let stop = StopSignal()
        let runs = Mutex(0)
        let readiness = Readiness("source")
        let pipeline = ClosurePipeline { stop in
            runs.withLock { $0 += 1 }
            if wasReady {
                readiness.set("source", .ok)
                readiness.set("source", .failing("the broker is away"))
            }
            stop.request()
            throw Fault(disposition: disposition)
        }
        let code = try await shell(pipeline, readiness: readiness, stop: stop).run(handlingSignals: false)
        #expect(code == expected)
        #expect(runs.withLock { $0 } == 1)
    }

    @Test("readiness knows how long all conditions held since the last start, all in all")
    func readyTime() async throws {
        let readiness = Readiness("source")
        #expect(readiness.readyTime == .zero)
        readiness.set(Readiness.pipeline, .ok)
        #expect(readiness.readyTime == .zero)
        readiness.set("source", .ok)
        try await Task.sleep(for: .milliseconds(20))
        readiness.set("source", .failing("gone"))
        let once = readiness.readyTime
        #expect(once >= .milliseconds(20))
        #expect(readiness.readyTime == once)
        readiness.set("source", .ok)
        try await Task.sleep(for: .milliseconds(20))
        #expect(readiness.readyTime >= once + .milliseconds(20))
        readiness.reset("starting")
        #expect(readiness.readyTime == .zero)
    }

    @Test("while the endpoints answer: not ready between failures, hanging when the loop stands still")
    func endpoints() async throws {
        let readiness = Readiness("source")
        let port = Mutex(0)
        let answers = Mutex<[Int]>([])
        let pipeline = ClosurePipeline { _ in
            for path in ["/readyz", "/healthz", "/metrics"] {
                let answer = try HealthProbe.get(port: port.withLock { $0 }, path: path, timeout: .seconds(300))
                answers.withLock { $0.append(answer.status) }
            }
            readiness.set("source", .ok)
            let answer = try HealthProbe.get(port: port.withLock { $0 }, path: "/readyz", timeout: .seconds(300))
            answers.withLock { $0.append(answer.status) }
        }
        var shell = try shell(pipeline, readiness: readiness)
        shell.onListening = { listening in port.withLock { $0 = listening } }
        #expect(await shell.run(handlingSignals: false) == .success)
        #expect(answers.withLock { $0 } == [503, 200, 200, 200])
    }

    @Test("a pipeline that doesn't stop is left behind after SHUTDOWN_TIMEOUT, with exit code 1")
    func stuck() async throws {
        let release = StopSignal()
        defer { release.request() }
        let pipeline = ClosurePipeline { _ in
            kill(getpid(), SIGINT)
            release.sleep(for: .seconds(600))
        }
        let shell = try shell(pipeline, environment: ["SHUTDOWN_TIMEOUT": "1s"])
        #expect(await shell.run(handlingSignals: true) == .fatal)
    }

    @Test("a port in use ends the process with exit code 78 before the pipeline starts")
    func portInUse() async throws {
        let occupied = try await HealthServer.start(
            host: "127.0.0.1",
            port: 0,
            endpoints: HealthEndpoints(
                service: "other",
                readiness: Readiness(),
                registry: PrometheusRegistry(),
                heartbeatTimeout: .seconds(60)
            )
        )
        let pipeline = TestPipeline(failures: [], readiness: Readiness())
        let shell = try shell(pipeline, environment: ["HTTP_PORT": "\(occupied.port)"])
        #expect(await shell.run(handlingSignals: false) == .configuration)
        #expect(pipeline.runs.withLock { $0 } == 0)
        await occupied.stop()
    }
}
