import NIOCore
import NIOHTTP1

/// What strangers may cost an HTTP port.
public struct HTTPLimits: Sendable {
    /// Connections open at once. Beyond it the one that has waited longest is closed: those who hold connections and say
    /// nothing can't keep a health check out.
    public var connections = 128
    /// Connections that the kernel holds until they are taken.
    public var backlog: Int32 = 256
    /// Bytes of a request's line and headers together; more are answered with 431.
    public var headerBytes = 8192
    /// Headers of a request; more are answered with 431.
    public var headerFields = 64
    /// How long a connection may take for its next request, first byte to last, and how long for taking an answer.
    public var turn = Duration.seconds(60)
    /// Bytes of answers that the kernel keeps for a connection.
    public var sendBuffer = 128 << 10
    /// Bytes of answers, beyond the kernel's, from which on a connection counts as full, and below which it no longer does.
    public var waterMark = ChannelOptions.Types.WriteBufferWaterMark(low: 16 << 10, high: 64 << 10)
    /// How long to wait before listening again, after the port was lost.
    public var listenAgain = Duration.seconds(1)

    /// The limits of a port for health checks.
    public init() {}

    /// Those that the decoder watches.
    var decoder: NIOHTTPDecoderLimitConfiguration {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = headerBytes
        limits.maxHeaderListSize = headerBytes
        limits.maxHeaderFieldCount = headerFields
        return limits
    }
}
