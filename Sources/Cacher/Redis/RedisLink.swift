import CHiredis
import Glibc

/// The way to one server: a socket, with TLS on it or without, and hiredis' parser behind it.
///
/// hiredis connects and parses; what is sent and received goes through here, because hiredis 0.14 can't do it over TLS.
final class RedisLink {
    /// The most that one read takes: more than a record of TLS.
    private static let readSize = 64 * 1_024

    private let context: UnsafeMutablePointer<redisContext>
    private var session: TLSSession?
    private let peer: String
    /// Whether the server has ever said anything.
    private var wasHeard = false
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: readSize, alignment: 16)

    /// Connects.
    /// - Parameters:
    ///   - url: a host or a socket.
    ///   - timeout: how long the connect, and later each wait, may take.
    init(to url: RedisURL, timeout: Duration) throws(RedisError) {
        // A server that goes away must not kill the process.
        signal(SIGPIPE, SIG_IGN)
        peer = "\(url)"
        let limit = timeval(timeout)
        let made: UnsafeMutablePointer<redisContext>?
        switch url.place {
        case .host(let endpoint): made = redisConnectWithTimeout(endpoint.host, Int32(endpoint.port), limit)
        case .socket(let path): made = redisConnectUnixWithTimeout(path, limit)
        case .sentinels: throw RedisError(.refused, "sentinels are asked, not connected to")
        }
        guard let made else { throw RedisError(.connection, "out of memory connecting to \(url)") }
        context = made
        guard made.pointee.err == 0 else {
            throw RedisError(.connection, "can't connect to \(url): \(made.pointee.message)")
        }
        redisSetTimeout(made, limit)
        guard case .host(let endpoint) = url.place else { return }
        redisEnableKeepAlive(made)
        if let tls = url.tls {
            session = try TLSSession(tls, on: made.pointee.fd, host: endpoint.host, peer: peer)
        }
    }

    deinit {
        session = nil
        redisFree(context)
        buffer.deallocate()
    }

    /// The socket, to wait on.
    var descriptor: Int32 { context.pointee.fd }

    /// Whether something may be read although the socket doesn't say so.
    var hasBytes: Bool { session?.hasBytes ?? false }

    /// Sends all bytes.
    func send(_ bytes: UnsafeRawBufferPointer) throws(RedisError) {
        if let session { return try session.write(bytes) }
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            if count > 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
            } else if errno != EINTR {
                throw lost(errno)
            }
        }
    }

    /// Hands over the next reply, and waits for it.
    func reply<Result>(_ body: (redisReply) throws(RedisError) -> Result) throws(RedisError) -> Result {
        while true {
            if let raw = try next() {
                defer { freeReplyObject(raw) }
                return try body(raw.pointee)
            }
            try fill()
        }
    }

    /// Hands over the next reply if it is there.
    /// - Returns: whether it was.
    func replyIfThere(_ body: (redisReply) throws(RedisError) -> Void) throws(RedisError) -> Bool {
        guard let raw = try next() else { return false }
        defer { freeReplyObject(raw) }
        try body(raw.pointee)
        return true
    }

    /// Takes the next reply off part by part, and waits for it: nothing is made of it but what the functions make.
    /// - Parameters:
    ///   - functions: what hiredis calls for each part. After an error it keeps them, for they know how to free what they made.
    ///   - data: what they find in each part's task.
    func passReply(
        with functions: UnsafeMutablePointer<redisReplyObjectFunctions>,
        _ data: UnsafeMutableRawPointer
    ) throws(RedisError) {
        let reader = context.pointee.reader
        let before = reader?.pointee.fn
        reader?.pointee.fn = functions
        reader?.pointee.privdata = data
        while try next() == nil { try fill() }
        reader?.pointee.fn = before
        reader?.pointee.privdata = nil
    }

    /// Waits for bytes, and gives them to the parser.
    func fill() throws(RedisError) {
        let count = try read()
        guard count > 0 else { throw closed() }
        wasHeard = true
        let bytes = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
        guard redisReaderFeed(context.pointee.reader, bytes, count) == REDIS_OK else { throw strange() }
    }

    private func read() throws(RedisError) -> Int {
        if let session { return try session.read(into: buffer) }
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count >= 0 { return count }
            if errno != EINTR { throw lost(errno) }
        }
    }

    private func next() throws(RedisError) -> UnsafeMutablePointer<redisReply>? {
        var raw: UnsafeMutableRawPointer?
        guard redisReaderGetReply(context.pointee.reader, &raw) == REDIS_OK else { throw strange() }
        return raw?.assumingMemoryBound(to: redisReply.self)
    }

    private func closed() -> RedisError {
        // That is all that a server which expects TLS does about other words.
        let isSilent = !wasHeard && session == nil
        let question = isSilent ? " without a word: does it want TLS, rediss://?" : ""
        return RedisError(.connection, "lost the connection to \(peer): the server closed it\(question)")
    }

    private func lost(_ number: Int32) -> RedisError {
        if number == ECONNRESET || number == EPIPE { return closed() }
        let isLate = number == EAGAIN || number == EWOULDBLOCK
        let reason = isLate ? "no answer in time" : String(cString: strerror(number))
        return RedisError(.connection, "lost the connection to \(peer): \(reason)")
    }

    private func strange() -> RedisError {
        var text = context.pointee.reader.pointee.errstr
        let reason = withUnsafeBytes(of: &text) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return RedisError(.connection, "\(peer) doesn't speak Redis' protocol: \(reason)")
    }
}

extension redisContext {
    /// What hiredis says about a connect that failed; a time that ran out has names that tell nobody anything.
    fileprivate var message: String {
        let text = withUnsafeBytes(of: errstr) { bytes in String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }
        let timeouts = ["Resource temporarily unavailable", "Operation now in progress", "Connection timed out"]
        return timeouts.contains(text) ? "no answer in time" : text
    }
}

extension timeval {
    /// At least 1 ms: zero would mean to wait for ever.
    fileprivate init(_ duration: Duration) {
        let (seconds, attoseconds) = max(duration, .milliseconds(1)).components
        self.init(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
    }
}
