import CHiredis

/// One blocking connection to Redis, logged in.
///
/// It belongs to the thread that made it. After an error of kind `.connection` it is dead: throw it away and make
/// another. Where sentinels name the master, that is asked for at each connect: so throw it away too when the server says
/// that it is a replica (`READONLY`).
public final class RedisConnection: CommandConnection {
    let link: RedisLink

    /// Connects, logs in and selects the database.
    /// - Parameters:
    ///   - url: where to connect to.
    ///   - timeout: how long the connect, and later each answer, may take. Sentinels share it for their part.
    public init(to url: RedisURL, timeout: Duration) throws(RedisError) {
        if case .sentinels(let endpoints, let service) = url.place {
            link = try RedisSentinels(endpoints, service: service).master(for: url, timeout: timeout).link
            return
        }
        link = try RedisLink(to: url, timeout: timeout)
        try logIn(url)
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
        try send(&pipeline)
        for position in 0..<count {
            try link.reply { body(position, RedisReply($0)) }
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

    /// Sends all commands in one go, and waits for nothing.
    func send(_ pipeline: inout RedisPipeline) throws(RedisError) {
        let result = pipeline.withBytes { bytes in
            Result { () throws(RedisError) in try link.send(bytes) }
        }
        try result.get()
    }
}

extension RedisReply {
    /// Copies hiredis' tree of answers.
    init(_ reply: redisReply) {
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
