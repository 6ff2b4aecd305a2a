import CHiredis
import Glibc

/// A part of an answer as it goes by; nothing is made of it, so that thousands of answers cost no allocation.
enum RedisToken {
    /// `+OK` and the like.
    case status
    /// A whole number.
    case integer(Int64)
    /// A string, for as long as it is looked at.
    case string(UnsafeRawBufferPointer)
    /// The command failed.
    case error(RedisError)
    /// So many parts follow.
    case array(Int)
    /// Nothing there.
    case null
}

/// Sending and receiving apart, for transactions of many commands.
extension RedisConnection {
    /// Where a token stands.
    struct Place {
        /// Which answer it belongs to, of those that are read.
        var reply: Int
        /// Its place in the array that the answer is; nil when it is the answer itself.
        var element: Int?
    }

    /// Reads so many answers, none with arrays within arrays.
    func receive(_ count: Int, _ body: (Place, RedisToken) -> Void) throws(RedisError) {
        let result = withoutActuallyEscaping(body) { body in
            let sink = Sink(body)
            return withExtendedLifetime(sink) {
                Result { () throws(RedisError) in
                    for reply in 0..<count {
                        sink.reply = reply
                        try link.passReply(with: Sink.functions, Unmanaged.passUnretained(sink).toOpaque())
                    }
                }
            }
        }
        try result.get()
    }

    /// Gets the tokens from hiredis.
    private final class Sink {
        var reply = 0
        private let body: (Place, RedisToken) -> Void

        init(_ body: @escaping (Place, RedisToken) -> Void) {
            self.body = body
        }

        private func take(_ task: UnsafePointer<redisReadTask>, _ token: RedisToken) {
            body(Place(reply: reply, element: task.pointee.parent == nil ? nil : Int(task.pointee.idx)), token)
        }

        /// hiredis takes an object that is no object for running out of memory.
        nonisolated(unsafe) private static let object = UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1)

        private static func hand(
            _ task: UnsafePointer<redisReadTask>?,
            _ token: RedisToken
        ) -> UnsafeMutableRawPointer? {
            guard let task, let sink = task.pointee.privdata else { return nil }
            Unmanaged<Sink>.fromOpaque(sink).takeUnretainedValue().take(task, token)
            return object
        }

        /// Lives as long as the process: a connection that broke keeps it.
        nonisolated(unsafe) static let functions: UnsafeMutablePointer<redisReplyObjectFunctions> = {
            let functions = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
            functions.initialize(
                to: redisReplyObjectFunctions(
                    createString: { task, start, count in
                        let bytes = UnsafeRawBufferPointer(start: start, count: count)
                        switch task?.pointee.type {
                        case REDIS_REPLY_STATUS: return hand(task, .status)
                        case REDIS_REPLY_ERROR:
                            return hand(task, .error(RedisError(reply: String(decoding: bytes, as: UTF8.self))))
                        default: return hand(task, .string(bytes))
                        }
                    },
                    createArray: { task, count in hand(task, .array(Int(count))) },
                    createInteger: { task, number in hand(task, .integer(Int64(number))) },
                    createNil: { task in hand(task, .null) },
                    freeObject: { _ in }
                )
            )
            return functions
        }()
    }
}
