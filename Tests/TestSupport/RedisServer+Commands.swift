import CHiredis
import Foundation

extension RedisServer {
    /// Gives it one command, on a connection of its own. `redis-cli` would do as well, but tests ask a hundred times a second,
    /// and to start it costs more than the question does.
    /// - Parameter arguments: the command; before it `-n` with a database's number or `-a` with a password, as for `redis-cli`.
    /// - Returns: the answer as `redis-cli` writes it to a file: texts as they are, one element a line, without line ends
    ///   around all; empty where there is no answer.
    static func cli(_ port: Int, _ password: String?, _ arguments: [String]) -> String {
        let patience = timeval(tv_sec: 10, tv_usec: 0)
        guard let context = redisConnectWithTimeout("127.0.0.1", Int32(port), patience) else { return "" }
        defer { redisFree(context) }
        guard context.pointee.err == 0 else { return "" }
        redisSetTimeout(context, patience)
        var words = arguments[...]
        if let password { _ = answer(to: ["AUTH", password], over: context) }
        while let option = words.first, option == "-n" || option == "-a", words.count > 1 {
            _ = answer(to: [option == "-n" ? "SELECT" : "AUTH", words[words.startIndex + 1]], over: context)
            words = words.dropFirst(2)
        }
        return answer(to: Array(words), over: context).trimmingCharacters(in: .newlines)
    }

    private static func answer(to command: [String], over context: UnsafeMutablePointer<redisContext>) -> String {
        var words: [UnsafePointer<CChar>?] = command.map { UnsafePointer(strdup($0)) }
        defer { for word in words { free(UnsafeMutablePointer(mutating: word)) } }
        let lengths = command.map(\.utf8.count)
        guard let reply = redisCommandArgv(context, Int32(words.count), &words, lengths) else { return "" }
        defer { freeReplyObject(reply) }
        return text(of: reply.assumingMemoryBound(to: redisReply.self).pointee)
    }

    private static func text(of reply: redisReply) -> String {
        switch reply.type {
        case REDIS_REPLY_INTEGER: String(reply.integer)
        case REDIS_REPLY_ARRAY:
            (0..<reply.elements).compactMap { reply.element[$0] }.map { text(of: $0.pointee) }.joined(separator: "\n")
        case REDIS_REPLY_NIL: ""
        default:
            String(decoding: UnsafeRawBufferPointer(start: reply.str, count: Int(reply.len)), as: UTF8.self)
        }
    }
}
