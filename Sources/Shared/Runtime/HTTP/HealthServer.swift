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
                ? HTTPServer(address: try .inet6(ip6: host, port: number), timeout: 60, logger: .disabled)
                : HTTPServer(address: try .inet(ip4: host, port: number), timeout: 60, logger: .disabled)
        } catch {
            throw HealthServerError(host: host, port: port, cause: error)
        }
        await add("/healthz", to: server, endpoints.healthz)
        await add("/readyz", to: server, endpoints.readyz)
        await add("/metrics", to: server, endpoints.metrics)

        let (starts, continuation) = AsyncStream.makeStream(of: Start.self)
        Task {
            do { try await server.run() } catch { continuation.yield(.failed(error)) }
        }
        let waiting = Task {
            do {
                try await server.waitUntilListening(timeout: 300)
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

    /// Stops listening and ends the connections. FlyingFox's accept loop doesn't notice and always takes the whole
    /// timeout, so it is short: an answer takes far less.
    func stop() async {
        await server.stop(timeout: 0.2)
    }

    /// Answers GET, and HEAD (which `wget --spider` sends) with the status alone.
    private static func add(
        _ path: String,
        to server: HTTPServer,
        _ answer: @escaping @Sendable () -> HealthEndpoints.Answer
    ) async {
        await server.appendRoute(HTTPRoute(methods: [.GET, .HEAD], path: path)) { request in
            let answer = answer()
            return HTTPResponse(
                statusCode: answer.isOK ? .ok : .serviceUnavailable,
                headers: HTTPHeaders([.contentType: answer.contentType]),
                body: request.method == .HEAD ? Data() : Data(answer.body.utf8)
            )
        }
    }

    private static func actualPort(of server: HTTPServer) async -> Int? {
        switch await server.listeningAddress {
        case .ip4(_, let port), .ip6(_, let port): Int(port)
        default: nil
        }
    }
}
