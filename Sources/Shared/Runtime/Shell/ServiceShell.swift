import ArgumentParser
import Glibc
import Logging
import ServiceLifecycle
import UnixSignals

/// Everything around a pipeline: logs, metrics, HTTP endpoints, signals, restarts and the exit code.
public struct ServiceShell: Sendable {
    let service: String
    let settings: RuntimeSettings
    let readiness: Readiness
    let pipeline: any Pipeline
    var stop = StopSignal()
    var registry = PrometheusRegistry.shared
    var backoff = Backoff()
    var logger: Logger
    /// Called when the endpoints listen, with their port.
    var onListening: @Sendable (Int) -> Void = { _ in }

    /// Runs a service until SIGTERM or SIGINT, until its work is done, or until it fails for good.
    /// - Returns: 0 for a clean stop, ``ArgumentParser/ExitCode/fatal`` or ``ArgumentParser/ExitCode/configuration``.
    public static func run(
        service: String,
        settings: RuntimeSettings,
        readiness: Readiness,
        pipeline: any Pipeline
    ) async -> ExitCode {
        bootstrap(service: service, settings: settings)
        let shell = ServiceShell(
            service: service,
            settings: settings,
            readiness: readiness,
            pipeline: pipeline,
            logger: Logger(label: service)
        )
        return await shell.run(handlingSignals: true)
    }

    /// Sets up what a process has once: the log, and no death by SIGPIPE. Commands other than the
    /// service itself (a migration) call it too.
    public static func bootstrap(service: String, settings: RuntimeSettings) {
        signal(SIGPIPE, SIG_IGN)
        LineLogHandler.bootstrap(service: service, format: settings.logFormat, level: settings.logLevel)
    }

    /// Runs the endpoints and the pipeline; the endpoints stop last.
    func run(handlingSignals: Bool) async -> ExitCode {
        let restarts = PrometheusCounter(
            "tickline_restarts_total",
            help: "How often the pipeline was started again after a failure.",
            registry: registry
        )
        let server: HTTPServer
        do {
            server = try await startServer()
        } catch {
            logger.critical("\(error)")
            return .configuration
        }
        let supervisor = Supervisor(
            pipeline: pipeline,
            readiness: readiness,
            stop: stop,
            logger: logger,
            restarts: restarts,
            backoff: backoff
        )
        let pipelineService = PipelineService(supervisor: supervisor, shutdownTimeout: settings.shutdownTimeout)
        let over = StopSignal()
        defer { over.request() }
        do {
            try Watchdog(
                heartbeat: readiness.heartbeat,
                limit: settings.heartbeatTimeout,
                stop: stop,
                logger: logger
            ).start(until: over)
            try await group(of: pipelineService, server, handlingSignals: handlingSignals).run()
        } catch {
            logger.critical("the service ends: \(error)")
            await server.stop()
            return .fatal
        }
        let code = pipelineService.exitCode
        logger.info("\(service) stopped", metadata: ["exit_code": "\(code.rawValue)"])
        return code
    }

    /// Listens, and says where.
    private func startServer() async throws -> HTTPServer {
        ProcessMetrics.register(in: registry, service: service)
        readiness.register(in: registry)
        let endpoints = HealthEndpoints(
            service: service,
            readiness: readiness,
            registry: registry,
            heartbeatTimeout: settings.heartbeatTimeout
        )
        let server = try await HealthServer.start(
            host: settings.httpHost,
            port: settings.httpPort,
            endpoints: endpoints,
            logger: logger
        )
        logger.info(
            "\(service) \(BuildInfo.description) listens on http://\(settings.httpHost):\(server.port)",
            metadata: ["http_port": "\(server.port)"]
        )
        onListening(server.port)
        return server
    }

    /// What runs side by side; the end of the pipeline is the end of all.
    private func group(
        of pipeline: PipelineService,
        _ server: HTTPServer,
        handlingSignals: Bool
    ) -> ServiceGroup {
        ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(service: HealthService(server: server)),
                    .init(service: pipeline, successTerminationBehavior: .gracefullyShutdownGroup),
                ],
                gracefulShutdownSignals: handlingSignals ? [.sigterm, .sigint] : [],
                logger: logger
            )
        )
    }
}
