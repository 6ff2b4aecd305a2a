import Logging

/// The HTTP endpoints of a service: `/healthz`, `/readyz` and `/metrics`.
enum HealthServer {
    /// Starts listening.
    /// - Throws: ``HTTPServerError`` if the port cannot be had.
    static func start(
        host: String,
        port: Int,
        endpoints: HealthEndpoints,
        limits: HTTPLimits = HTTPLimits(),
        logger: Logger = Logger(label: "http")
    ) async throws(HTTPServerError) -> HTTPServer {
        let faults = HTTPFaults("tickline_http_faults_total", logger: logger, registry: endpoints.registry)
        let open = OpenConnections(limit: limits.connections)
        return try await HTTPServer.start(
            at: HTTPAddress("HTTP", host: host, port: port),
            limits: limits,
            faults: faults,
            logger: logger
        ) {
            HealthConnection(endpoints: endpoints, limits: limits, faults: faults, open: open)
        }
    }
}
