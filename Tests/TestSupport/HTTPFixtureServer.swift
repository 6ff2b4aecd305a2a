import FlyingFox
import FlyingSocks
import FoundationEssentials
import Synchronization

/// An HTTP server on 127.0.0.1 whose answers a test decides, and which remembers what it was asked.
public final class HTTPFixtureServer: Sendable {
    /// What a test looks at in a request.
    public struct Request: Sendable {
        /// The path without the query, for example `/coins/markets`.
        public var path: String
        /// The query's values by name, decoded.
        public var query: [String: String]
        /// The headers by name in lower case.
        public var headers: [String: String]
    }

    /// What the server answers.
    public struct Answer: Sendable {
        /// The status.
        public var status: Int
        /// Headers; `Date` is not set by itself.
        public var headers: [String: String]
        /// The body.
        public var body: [UInt8]

        /// An answer with a body of text.
        public init(_ status: Int = 200, _ body: String = "", headers: [String: String] = [:]) {
            self.init(status, bytes: Array(body.utf8), headers: headers)
        }

        /// An answer with a body of bytes.
        public init(_ status: Int = 200, bytes: [UInt8], headers: [String: String] = [:]) {
            self.status = status
            self.headers = headers
            self.body = bytes
        }
    }

    /// The port that the system chose.
    public let port: Int
    private let server: HTTPServer
    private let seen: RequestLog
    private let running: Task<Void, any Error>

    /// Where the server is, without a slash at the end.
    public var url: String { "http://127.0.0.1:\(port)" }

    /// All requests so far.
    public var requests: [Request] { seen.all }

    /// Starts a server for the time of a closure.
    /// - Parameters:
    ///   - answer: called for each request, with its number from 0.
    ///   - body: what to do while it runs.
    public static func run<Result: Sendable>(
        answering answer: @escaping @Sendable (Request, Int) async -> Answer,
        _ body: (HTTPFixtureServer) async throws -> Result
    ) async throws -> Result {
        let server = try await HTTPFixtureServer(answering: answer)
        do {
            let result = try await body(server)
            await server.stop()
            return result
        } catch {
            await server.stop()
            throw error
        }
    }

    /// Starts a server; end it with ``stop()``.
    /// - Parameter answer: called for each request, with its number from 0.
    public init(answering answer: @escaping @Sendable (Request, Int) async -> Answer) async throws {
        let server = HTTPServer(address: try .inet(ip4: "127.0.0.1", port: 0), timeout: 60, logger: .disabled)
        let seen = RequestLog()
        await server.appendRoute("*") { request in
            let asked = Request(
                path: request.path,
                query: Dictionary(request.query.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first }),
                headers: Dictionary(
                    request.headers.map { ($0.key.rawValue.lowercased(), $0.value) },
                    uniquingKeysWith: { first, _ in first }
                )
            )
            let given = await answer(asked, seen.append(asked))
            var headers = HTTPHeaders()
            for (name, value) in given.headers {
                headers[HTTPHeader(name)] = value
            }
            return HTTPResponse(
                statusCode: HTTPStatusCode(given.status, phrase: "Scripted"),
                headers: headers,
                body: Data(given.body)
            )
        }
        let running = Task { try await server.run() }
        try await server.waitUntilListening()
        guard case .ip4(_, let port)? = await server.listeningAddress else {
            throw SocketError.unsupportedAddress
        }
        self.server = server
        self.seen = seen
        self.running = running
        self.port = Int(port)
    }

    /// Ends it.
    public func stop() async {
        await server.stop(timeout: 0)
        running.cancel()
    }
}

/// The requests a server has seen, in their order.
private final class RequestLog: Sendable {
    private let requests = Mutex<[HTTPFixtureServer.Request]>([])

    var all: [HTTPFixtureServer.Request] { requests.withLock { $0 } }

    /// - Returns: how many there were before.
    func append(_ request: HTTPFixtureServer.Request) -> Int {
        requests.withLock { requests in
            requests.append(request)
            return requests.count - 1
        }
    }
}
