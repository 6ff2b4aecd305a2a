import Shared

/// Why Redis didn't do what it was asked.
public struct RedisError: Error, Sendable, Hashable {
    /// What went wrong, as far as it decides what to do next.
    public enum Kind: Sendable, Hashable {
        /// No connection, or it broke in the middle; nobody knows which commands were carried out.
        case connection
        /// Redis wants a password, or refuses the one it got.
        case authentication
        /// One side doesn't accept the other's certificate.
        case untrusted
        /// Redis doesn't let its user do what was asked.
        case forbidden
        /// Redis answers but can't write now: loading, out of memory, a replica, failing to persist, too many clients.
        case unavailable
        /// The server forgot a script; load it again.
        case scriptMissing
        /// A key is of another type than ours: another program's. The others are well.
        case keyInTheWay
        /// The command can never work as it is: Redis Cluster, a mistake of ours.
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
            self.init(
                kind,
                "Redis wants a password: set REDIS_PASSWORD, or REDIS_URL to redis://:PASSWORD@HOST:PORT (\(reply))"
            )
        case "WRONGPASS":
            self.init(kind, "Redis refuses the user of REDIS_URL or its password (\(reply))")
        case "WRONGTYPE":
            self.init(kind, "a key of the cache is used by another program; set CACHER_KEY_PREFIX (\(reply))")
        case "NOPERM":
            self.init(kind, Self.forbidden(reply))
        case "MOVED", "ASK":
            self.init(kind, "this is a Redis Cluster, which the Cacher does not speak to (\(reply))")
        default:
            let kind = Self.phrases.first { reply.hasPrefix($0.start) }?.kind ?? kind
            self.init(kind, kind == .forbidden ? Self.forbidden(reply) : "Redis answers: \(reply)")
        }
    }

    /// Names the right that the user lacks, as `ACL SETUSER` takes it.
    private static func forbidden(_ reply: String) -> String {
        let right =
            if let command = reply.firstRange(of: "to run the '") {
                "+" + reply[command.upperBound...].prefix { $0 != "'" }
            } else if reply.contains(" key") {
                "~… for the keys (docs/redis.md)"
            } else if reply.contains(" channel") {
                "&… for the channels (docs/redis.md)"
            } else {
                "the right to a command that a script runs (docs/redis.md)"
            }
        return "Redis' user of REDIS_URL lacks \(right): ACL SETUSER (\(reply))"
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
        ("ERR ACL failure in script", .forbidden),
        ("ERR The user executing the script", .forbidden),
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
        "NOPERM": .forbidden,
        "WRONGTYPE": .keyInTheWay,
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
    /// A password or a certificate doesn't mend itself and a refused command stays refused: both end the process; a login
    /// that has worked before is waited for all the same (``CacherTask``). A key in the way is one key's fault. All else is waited for.
    public var disposition: Disposition {
        switch kind {
        case .connection, .unavailable, .scriptMissing: .retry
        case .authentication, .untrusted, .forbidden, .refused: .fatal
        case .keyInTheWay: .badData
        }
    }

    /// Whether it is about what was asked, and says nothing of the next question.
    var isAboutQuestion: Bool { [.forbidden, .keyInTheWay, .refused].contains(kind) }

    /// Whether it is about who we are: once we were let in, it may pass.
    var isAboutLogin: Bool { [.authentication, .untrusted, .forbidden].contains(kind) }

    /// The message.
    public var description: String { message }
}
