import Dispatch
import FoundationEssentials
import NIOCore
import NIOPosix
import NIOSSL
import Shared
import Synchronization

/// WebSocket connections on one event loop thread of their own.
///
/// Each has a number. ``connect(_:to:)`` begins an attempt, and every attempt ends with one `closed` in the inbox, whatever
/// happens; the number is free again then. What its owner asks for is done in that order. Its end is ``close()``.
final class WebSocketGroup: Sendable {
    /// How long things may take and how much memory they may cost.
    struct Limits: Sendable {
        /// Bytes of a message, in one frame or several.
        var messageBytes = 1 << 20
        /// How long an attempt may take: name, TCP, proxy, TLS and HTTP together.
        var handshakeTimeout = Duration.seconds(10)
        /// How long after one ping the next is sent.
        var pingInterval = Duration.seconds(5)
        /// How long after a ping something must have come; looked at when the next is due. So a connection that is dead is
        /// noticed after both times together.
        var pongTimeout = Duration.seconds(5)
        /// How long the other side has to hang up after a close frame, and to say why it refused.
        var closeTimeout = Duration.seconds(1)
        /// Bytes of the head of an answer to the opening handshake.
        var headerBytes = 16 << 10
        /// Bytes of what is sent that wait for the other side; more end the connection.
        var unsentBytes = 1 << 20
        /// The longest `Retry-After` that is believed.
        var retryAfterCap = Duration.seconds(3600)
    }

    /// Whose certificates are believed.
    enum Certificates: Sendable, Hashable {
        /// Those of the authorities that the system trusts.
        case system
        /// Those of the authorities in a PEM file, and no others.
        case file(String)
    }

    private let threads: MultiThreadedEventLoopGroup
    private let loop: any EventLoop
    private let inbox: FeedInbox
    private let connections: NIOLoopBoundBox<WebSocketConnections>
    private let isClosed = Mutex(false)

    /// Starts the thread.
    /// - Parameters:
    ///   - userAgent: the `User-Agent` header.
    ///   - environment: where the proxies are named: `https_proxy`, `http_proxy`, `all_proxy`, `no_proxy`.
    ///   - inbox: where everything goes; of this group alone.
    /// - Throws: ``WebSocketError`` when the certificates or a proxy can't be used.
    init(
        limits: Limits = Limits(),
        certificates: Certificates = .system,
        userAgent: String,
        environment: [String: String] = ProcessInfo.processInfo.environment,
        inbox: FeedInbox
    ) throws(WebSocketError) {
        let setup = WebSocketSetup(
            limits: limits,
            userAgent: userAgent,
            proxies: try WebSocketProxies(environment: environment),
            tls: try Self.tls(certificates, limits: limits),
            lookups: DispatchQueue(label: "websocket-names"),
            inbox: inbox
        )
        threads = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        loop = threads.next()
        self.inbox = inbox
        connections = .makeBoxSendingValue(WebSocketConnections(setup, on: loop), eventLoop: loop)
        inbox.whenEmptied { [loop, connections] in loop.execute { connections.value.readAgain() } }
    }

    /// Begins an attempt and returns at once. What had this number is closed before.
    func connect(_ number: Int, to url: String) {
        perform { $0.connect(number, to: url) }
    }

    /// Sends a text; nothing happens when the connection isn't open.
    func send(_ text: String, on number: Int) {
        perform { $0.send(text, on: number) }
    }

    /// Closes a connection; nothing happens when it is closed already.
    func disconnect(_ number: Int) {
        perform { $0.disconnect(number) }
    }

    /// Closes all connections, each with its entry in the inbox, and waits for the end of the thread: for little longer than
    /// ``Limits/closeTimeout``. What is asked for afterwards is not done.
    func close() {
        let wasClosed = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return isClosed
        }
        guard !wasClosed else { return }
        inbox.whenEmptied(nil)
        let ended = loop.submit { [connections] in connections.value.close() }
        try? ended.wait()
        try? threads.syncShutdownGracefully()
    }

    private func perform(_ body: @escaping @Sendable (WebSocketConnections) -> Void) {
        isClosed.withLock { isClosed in
            guard !isClosed else { return }
            loop.execute { [connections] in body(connections.value) }
        }
    }

    private static func tls(_ certificates: Certificates, limits: Limits) throws(WebSocketError) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.shutdownTimeout = TimeAmount(limits.closeTimeout)
        if case .file(let path) = certificates { configuration.trustRoots = .file(path) }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            let source =
                switch certificates {
                case .system: "the system's certificates"
                case .file(let path): "the certificates in \(path)"
                }
            throw WebSocketError(disposition: .fatal, description: "\(source) can't be used: \(error)")
        }
    }
}
