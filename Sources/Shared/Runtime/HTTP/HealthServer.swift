import FlyingFox
import FlyingSocks
import FoundationEssentials
import Glibc

/// The HTTP endpoints of a service: `/healthz`, `/readyz` and `/metrics`.
struct HealthServer: Sendable {
    /// The port it listens on, also when 0 was asked for.
    let port: Int
    private let server: HTTPServer

    /// What became of the attempt to listen.
    private enum Start: Sendable {
        case listening
        case failed(any Error)
    }

    /// Starts listening.
    /// - Throws: ``HealthServerError`` if the port cannot be had.
    static func start(
        host: String,
        port: Int,
        endpoints: HealthEndpoints
    ) async throws(HealthServerError) -> HealthServer {
        let server: HTTPServer
        do {
            let number = UInt16(clamping: port)
            server =
                host.contains(":")
                ? HTTPServer(address: try .inet6(ip6: host, port: number), timeout: 5, logger: .disabled)
                : HTTPServer(address: try .inet(ip4: host, port: number), timeout: 5, logger: .disabled)
        } catch {
            throw HealthServerError(host: host, port: port, cause: error)
        }
        await server.appendRoute("GET /healthz") { _ in response(endpoints.health()) }
        await server.appendRoute("GET /readyz") { _ in response(endpoints.readiness()) }
        await server.appendRoute("GET /metrics") { _ in response(endpoints.metrics()) }

        let (starts, continuation) = AsyncStream.makeStream(of: Start.self)
        Task {
            do { try await server.run() } catch { continuation.yield(.failed(error)) }
        }
        let waiting = Task {
            do {
                try await server.waitUntilListening(timeout: 10)
                continuation.yield(.listening)
            } catch {
                continuation.yield(.failed(error))
            }
        }
        defer { waiting.cancel() }
        for await start in starts {
            if case .failed(let error) = start {
                throw HealthServerError(host: host, port: port, cause: error)
            }
            break
        }
        return HealthServer(port: await actualPort(of: server) ?? port, server: server)
    }

    /// Stops listening and ends the connections.
    func stop() async {
        await server.stop(timeout: 1)
    }

    private static func actualPort(of server: HTTPServer) async -> Int? {
        switch await server.listeningAddress {
        case .ip4(_, let port), .ip6(_, let port): Int(port)
        default: nil
        }
    }

    private static func response(_ answer: HealthEndpoints.Answer) -> HTTPResponse {
        HTTPResponse(
            statusCode: answer.isOK ? .ok : .serviceUnavailable,
            headers: [.contentType: answer.contentType],
            body: Data(answer.body.utf8)
        )
    }
}
