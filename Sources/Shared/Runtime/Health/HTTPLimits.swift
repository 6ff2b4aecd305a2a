import NIOHTTP1

/// What strangers may cost an HTTP port.
struct HTTPLimits: Sendable {
    /// Connections open at once. Beyond it the one that has waited longest is closed: those who hold connections and say
    /// nothing can't keep a health check out.
    var connections = 128
    /// Bytes of a request's line and headers together; more are answered with 431.
    var headerBytes = 8192
    /// Headers of a request; more are answered with 431.
    var headerFields = 64
    /// How long a connection may take for its next request, first byte to last, and how long for taking an answer.
    var turn = Duration.seconds(60)
    /// How long to wait before listening again, after the port was lost.
    var listenAgain = Duration.seconds(1)

    /// Those that the decoder watches.
    var decoder: NIOHTTPDecoderLimitConfiguration {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = headerBytes
        limits.maxHeaderListSize = headerBytes
        limits.maxHeaderFieldCount = headerFields
        return limits
    }
}
