import NIOCore
import NIOPosix
import NIOSSL

/// Speaks TLS on loopback, and passes on what is said to a port that speaks none.
public final class TLSProxy: Sendable {
    private static let loops = MultiThreadedEventLoopGroup(numberOfThreads: 2)

    /// Where it listens.
    public let port: Int
    private let channel: any Channel

    /// Starts listening; blocks until it does.
    /// - Parameters:
    ///   - target: the port behind it.
    ///   - certificates: what it shows.
    ///   - wantsCertificates: whether clients need a certificate of the same authority.
    public init(before target: Int, certificates: TestCertificates, wantsCertificates: Bool = false) throws {
        let tls = try Self.context(certificates, wantsCertificates)
        channel = try ServerBootstrap(group: Self.loops)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { client in
                client.eventLoop.makeCompletedFuture {
                    try client.pipeline.syncOperations.addHandlers([
                        NIOSSLServerHandler(context: tls), OutwardHandler(target: target),
                    ])
                }
            }
            .bind(host: "127.0.0.1", port: 0).wait()
        port = channel.localAddress?.port ?? 0
    }

    deinit {
        channel.close(promise: nil)
    }

    private static func context(_ certificates: TestCertificates, _ wantsCertificates: Bool) throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMFile(certificates.certificate)
        let key = try NIOSSLPrivateKey(file: certificates.key, format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(key)
        )
        if wantsCertificates {
            configuration.trustRoots = .file(certificates.authority)
            configuration.certificateVerification = .noHostnameVerification
        }
        return try NIOSSLContext(configuration: configuration)
    }
}

/// A client's side: connects to the target, and sends on what the client says.
private final class OutwardHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let target: Int
    private var server: (any Channel)?
    private var early: [ByteBuffer] = []

    init(target: Int) {
        self.target = target
    }

    func channelActive(context: ChannelHandlerContext) {
        let client = context.channel
        let connected = ClientBootstrap(group: context.eventLoop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { server in
                server.eventLoop.makeCompletedFuture {
                    try server.pipeline.syncOperations.addHandler(HomewardHandler(client: client))
                }
            }
            .connect(host: "127.0.0.1", port: target)
        connected.assumeIsolated().whenComplete { [self] result in
            guard case .success(let server) = result else { return client.close(promise: nil) }
            self.server = server
            early.forEach { server.writeAndFlush($0, promise: nil) }
            early = []
            if !client.isActive { server.close(promise: nil) }
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        if let server { server.writeAndFlush(bytes, promise: nil) } else { early.append(bytes) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        server?.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

/// The target's side: sends back what it says.
private final class HomewardHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let client: any Channel

    init(client: any Channel) {
        self.client = client
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        client.writeAndFlush(unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        client.close(promise: nil)
    }
}
