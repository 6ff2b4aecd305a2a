import Shared

/// Why Redis didn't do what it was asked.
public struct RedisError: Error, Sendable, Hashable {
    /// What went wrong, as far as it decides what to do next.
    public enum Kind: Sendable, Hashable {
        /// No connection, or it broke in the middle; nobody knows which commands were carried out.
        case connection
        /// Redis wants a password, or refuses the one it got.
        case authentication
        /// Redis answers but can't write now: loading, out of memory, a replica, failing to persist, too many clients.
        case unavailable
        /// The server forgot a script; load it again.
        case scriptMissing
        /// The command can never work as it is: wrong type of key, no permission, Redis Cluster, a mistake of ours.
        case refused
    }

    /// What decides the answer.
    public var kind: Kind
    /// One line for people.
    public var message: String

    /// Makes an error; a long message is cut.
    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message.cut(to: RecordLimit.error)
    }

    /// Reads an error reply, for example `OOM command not allowed when used memory > 'maxmemory'.`
    ///
    /// Redis puts a code in capitals first. Servers before 7.0 wrap what a script ran into:
    /// `ERR Error running script (call to f_…): @user_script:1: OOM command not allowed …`.
    /// Where it repeats the command's arguments, those are left out: they may be a password.
    init(reply: String) {
        let reply = Self.withoutArguments(reply, hiding: [])
        let words = reply.split(separator: " ")
        let code = words.first.map(String.init) ?? ""
        if code == "ERR", reply.hasPrefix("ERR Error running script"),
            let inner = words.first(where: { Self.kinds[String($0)] != nil }).flatMap({ Self.kinds[String($0)] })
        {
            self.init(inner, "Redis answers: \(reply)")
            return
        }
        let kind = Self.kinds[code] ?? .refused
        switch code {
        case "NOAUTH":
            self.init(kind, "Redis wants a password: put it into REDIS_URL, redis://:PASSWORD@HOST:PORT (\(reply))")
        case "WRONGPASS":
            self.init(kind, "Redis refuses the user or the password in REDIS_URL (\(reply))")
        case "WRONGTYPE":
            self.init(kind, "a key of the cache is used by another program; set CACHER_KEY_PREFIX (\(reply))")
        case "MOVED", "ASK":
            self.init(kind, "this is a Redis Cluster, which the Cacher does not speak to (\(reply))")
        default:
            self.init(Self.phrases.first { reply.hasPrefix($0.start) }?.kind ?? kind, "Redis answers: \(reply)")
        }
    }

    /// `ERR unknown command 'AUTH', with args beginning with: 'secret' ` without what follows the colon, and all secrets as
    /// `***`.
    private static func withoutArguments(_ reply: String, hiding secrets: [String]) -> String {
        var reply = reply
        if let arguments = reply.firstRange(of: "with args beginning with:") {
            reply = reply[..<arguments.upperBound] + " ***"
        }
        for secret in secrets where !secret.isEmpty { reply = reply.replacing(secret, with: "***") }
        return reply
    }

    /// How replies with the code `ERR` begin that have a meaning of their own.
    private static let phrases: [(start: String, kind: Kind)] = [
        // Before Redis 6 a wrong password was the first, and one too many the second.
        ("ERR invalid password", .authentication),
        ("ERR Client sent AUTH", .authentication),
        // It passes when others leave.
        ("ERR max number of clients", .unavailable),
    ]

    /// The error without those words: a server may repeat what it was sent.
    func hiding(_ secrets: [String]) -> RedisError {
        RedisError(kind, Self.withoutArguments(message, hiding: secrets))
    }

    /// Every error code with a meaning of its own; all others are `.refused`.
    private static let kinds: [String: Kind] = [
        "NOAUTH": .authentication,
        "WRONGPASS": .authentication,
        "NOSCRIPT": .scriptMissing,
        "OOM": .unavailable,
        "READONLY": .unavailable,
        "LOADING": .unavailable,
        "MISCONF": .unavailable,
        "MASTERDOWN": .unavailable,
        "NOREPLICAS": .unavailable,
        "BUSY": .unavailable,
        "TRYAGAIN": .unavailable,
        "CLUSTERDOWN": .unavailable,
        "UNBLOCKED": .unavailable,
    ]
}

extension RedisError: ClassifiedError {
    /// A password doesn't mend itself and a refused command stays refused: both end the process. All else is waited for.
    public var disposition: Disposition {
        switch kind {
        case .connection, .unavailable, .scriptMissing: .retry
        case .authentication, .refused: .fatal
        }
    }

    /// The message.
    public var description: String { message }
}
