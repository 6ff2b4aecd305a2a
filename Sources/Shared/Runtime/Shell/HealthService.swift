import ServiceLifecycle

/// Keeps the endpoints up until the group shuts down; first in its list, so that they stop last.
struct HealthService: Service {
    let server: HTTPServer

    func run() async throws {
        try? await gracefulShutdown()
        await server.stop()
    }
}
