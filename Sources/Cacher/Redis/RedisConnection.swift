import CHiredis
import Glibc

/// One blocking connection to Redis: with its extensions, the only Swift that touches hiredis.
///
/// It belongs to the thread that made it. After an error of kind `.connection` it is dead: throw it away and make
/// another.
public final class RedisConnection {
    let context: UnsafeMutablePointer<redisContext>

    /// Connects, logs in and selects the database.
    /// - Parameters:
    ///   - url: where to connect to.
    ///   - timeout: how long the connect, and later each answer, may take.
    public init(to url: RedisURL, timeout: Duration) throws(RedisError) {
        // hiredis 0.14 writes without MSG_NOSIGNAL: a server that goes away would kill the process.
        signal(SIGPIPE, SIG_IGN)
        let limit = timeval(timeout)
        guard let made = redisConnectWithTimeout(url.host, Int32(url.port), limit) else {
            throw RedisError(.connection, "out of memory connecting to \(url)")
        }
        context = made
        guard made.pointee.err == 0 else {
            throw RedisError(.connection, "can't connect to \(url): \(made.pointee.message)")
        }
        redisSetTimeout(made, limit)
        redisEnableKeepAlive(made)
        try logIn(url)
    }

    deinit {
        redisFree(context)
    }

    private func logIn(_ url: RedisURL) throws(RedisError) {
        if let password = url.password {
            let words = (url.user.map { [$0] } ?? []) + [password]
            do throws(RedisError) {
                try call(["AUTH"] + words)
            } catch {
                throw error.hiding(words)
            }
        }
        if url.database != 0 {
            try call(["SELECT", String(url.database)])
        } else {
            // Says at once that a password is missing, and that the server is still loading its data.
            try call(["PING"])
        }
    }

    /// Sends one command and waits for its answer; throws when the answer is an error.
    @discardableResult
    public func call(_ command: [String]) throws(RedisError) -> RedisReply {
        var pipeline = RedisPipeline()
        pipeline.command(command.first ?? "PING")
        for argument in command.dropFirst() { pipeline.append(argument) }
        return try replies(to: &pipeline).first ?? .null
    }

    /// Sends all commands in one go, then hands over each answer with the position of its command.
    ///
    /// An error reply belongs to its own command and is handed over like any other.
    public func run(
        _ pipeline: inout RedisPipeline,
        _ body: (Int, RedisReply) -> Void
    ) throws(RedisError) {
        let count = pipeline.count
        let status = pipeline.withBytes { bytes in
            redisAppendFormattedCommand(context, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        guard status == REDIS_OK else { throw lostConnection() }
        for position in 0..<count {
            var raw: UnsafeMutableRawPointer?
            guard redisGetReply(context, &raw) == REDIS_OK, let raw else { throw lostConnection() }
            defer { freeReplyObject(raw) }
            body(position, RedisReply(raw.assumingMemoryBound(to: redisReply.self).pointee))
        }
    }

    /// Sends all commands in one go, and collects their answers.
    /// - Throws: the first answer that is an error, when all have come.
    func replies(to pipeline: inout RedisPipeline) throws(RedisError) -> [RedisReply] {
        var replies: [RedisReply] = []
        replies.reserveCapacity(pipeline.count)
        try run(&pipeline) { _, reply in replies.append(reply) }
        for case .error(let error) in replies { throw error }
        return replies
    }

    func lostConnection() -> RedisError {
        RedisError(.connection, "lost the connection to Redis: \(context.pointee.message)")
    }
}

extension RedisReply {
    /// Copies hiredis' tree of answers.
    fileprivate init(_ reply: redisReply) {
        let bytes = UnsafeRawBufferPointer(start: reply.str, count: reply.str == nil ? 0 : reply.len)
        switch reply.type {
        case REDIS_REPLY_STATUS: self = .status(String(decoding: bytes, as: UTF8.self))
        case REDIS_REPLY_STRING: self = .string([UInt8](bytes))
        case REDIS_REPLY_INTEGER: self = .integer(Int64(reply.integer))
        case REDIS_REPLY_ERROR: self = .error(RedisError(reply: String(decoding: bytes, as: UTF8.self)))
        case REDIS_REPLY_ARRAY:
            let elements = UnsafeBufferPointer(start: reply.element, count: reply.element == nil ? 0 : reply.elements)
            self = .array(elements.map { $0.map { RedisReply($0.pointee) } ?? .null })
        default: self = .null
        }
    }
}

extension redisContext {
    /// What hiredis says about the error; a time that ran out is EAGAIN to it, which tells nobody anything.
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
