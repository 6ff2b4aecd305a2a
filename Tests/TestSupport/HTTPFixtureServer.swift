import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
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
    private let channel: any Channel
    private let seen: RequestLog

    /// Where the server is, without a slash at the end.
    public var url: String { "http://127.0.0.1:\(port)" }

    /// How many connections were opened so far.
    public var connections: Int { seen.connections.withLock { $0 } }

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
        let seen = RequestLog()
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                seen.connections.withLock { $0 += 1 }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(FixtureConnection(seen: seen, answering: answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        self.seen = seen
        port = channel.localAddress?.port ?? 0
    }

    /// Ends it; connections that are open end with their client.
    public func stop() async {
        try? await channel.close()
    }
}

/// Asks the test for the answer to each request of a connection.
private final class FixtureConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let seen: RequestLog
    private let answer: @Sendable (HTTPFixtureServer.Request, Int) async -> HTTPFixtureServer.Answer

    init(
        seen: RequestLog,
        answering answer: @escaping @Sendable (HTTPFixtureServer.Request, Int) async -> HTTPFixtureServer.Answer
    ) {
        self.seen = seen
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let head) = unwrapInboundIn(data) else { return }
        let url = URLComponents(string: head.uri)
        let request = HTTPFixtureServer.Request(
            path: url?.path ?? head.uri,
            query: Dictionary(
                (url?.queryItems ?? []).map { ($0.name, $0.value ?? "") },
                uniquingKeysWith: { first, _ in first }
            ),
            headers: Dictionary(
                head.headers.map { ($0.name.lowercased(), $0.value) },
                uniquingKeysWith: { first, _ in first }
            )
        )
        let (number, answer) = (seen.append(request), answer)
        let given = context.eventLoop.makeFutureWithTask { await answer(request, number) }
        given.assumeIsolated().whenSuccess { [self] given in
            var headers = HTTPHeaders(given.headers.map { ($0.key, $0.value) })
            headers.replaceOrAdd(name: "content-length", value: "\(given.body.count)")
            let status = HTTPResponseStatus.custom(code: UInt(given.status), reasonPhrase: "Scripted")
            let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: given.body)))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}

/// The requests a server has seen, in their order.
private final class RequestLog: Sendable {
    private let requests = Mutex<[HTTPFixtureServer.Request]>([])
    let connections = Mutex(0)

    var all: [HTTPFixtureServer.Request] { requests.withLock { $0 } }

    /// - Returns: how many there were before.
    func append(_ request: HTTPFixtureServer.Request) -> Int {
        requests.withLock { requests in
            requests.append(request)
            return requests.count - 1
        }
    }
}
