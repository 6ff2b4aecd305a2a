/// Where a Redis server is and how to log in, as written in `redis://[user][:password@]host[:port][/database]`.
public struct RedisURL: Sendable, Hashable {
    /// The name or address of the host; an IPv6 address without its brackets.
    public var host: String
    /// The TCP port.
    public var port: Int
    /// The ACL user; `nil` for the default one.
    public var user: String?
    /// The password; `nil` to connect without.
    public var password: String?
    /// The number of the database that keys live in.
    public var database: Int

    /// Makes an address from its parts.
    public init(host: String, port: Int = 6379, user: String? = nil, password: String? = nil, database: Int = 0) {
        self.host = host
        self.port = port
        self.user = user
        self.password = password
        self.database = database
    }

    /// What a reader of the text needs to be told when it isn't one.
    public static let allowed = "redis://[[user]:password@]host[:port][/database]"

    /// Reads an address; `nil` when the text isn't one.
    ///
    /// User and password are percent-decoded. `rediss://` is refused: hiredis 0.14 has no TLS.
    public init?(_ text: some StringProtocol) {
        let scheme = "redis://"
        guard text.hasPrefix(scheme) else { return nil }
        var rest = Substring(text.dropFirst(scheme.count))
        user = nil
        password = nil
        if let at = rest.lastIndex(of: "@") {
            let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            rest = rest[rest.index(after: at)...]
            guard parts.count == 2, let name = PercentEncoding.decode(parts[0]),
                let word = PercentEncoding.decode(parts[1]), !word.isEmpty
            else { return nil }
            user = name.isEmpty ? nil : name
            password = word
        }
        database = 0
        if let slash = rest.firstIndex(of: "/") {
            let number = rest[rest.index(after: slash)...]
            rest = rest[..<slash]
            if !number.isEmpty {
                guard let index = Self.number(number, in: 0...1_000_000) else { return nil }
                database = index
            }
        }
        port = 6379
        var name = rest
        if rest.hasPrefix("["), let bracket = rest.firstIndex(of: "]") {
            name = rest[rest.index(after: rest.startIndex)..<bracket]
            rest = rest[rest.index(after: bracket)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
        } else {
            name = rest.prefix { $0 != ":" }
            rest = rest[name.endIndex...]
        }
        if !rest.isEmpty {
            guard let value = Self.number(rest.dropFirst(), in: 1...65_535) else { return nil }
            port = value
        }
        guard !name.isEmpty, !name.contains(where: { $0.isWhitespace || $0 == "?" || $0 == "#" || $0 == "\0" }) else {
            return nil
        }
        host = String(name)
    }

    private static func number(_ digits: Substring, in range: ClosedRange<Int>) -> Int? {
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(digits), range.contains(value)
        else { return nil }
        return value
    }
}

extension RedisURL: CustomStringConvertible {
    /// The address as a log may show it: without user and password.
    public var description: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return "redis://\(name):\(port)/\(database)"
    }
}
