/// Reading an address from text.
extension RedisURL {
    /// What a reader of the text needs to be told when it isn't one.
    public static let allowed = """
        redis://[[user]:password@]host[:port][/database], the same with rediss:// for TLS, \
        unix://[[user]:password@]/path[?db=database], or redis-sentinel:// (rediss-sentinel:// for TLS) with \
        host[:port],…/service[/database]
        """

    /// How many sentinels an address may name.
    static let maximumSentinels = 16
    /// The longest path of a Unix socket that the kernel takes, in bytes.
    private static let longestPath = 107

    /// Reads an address; `nil` when the text isn't one. User and password are percent-decoded.
    public init?(_ text: some StringProtocol) {
        let text = Substring(text)
        guard let end = text.firstRange(of: "://") else { return nil }
        var rest = text[end.upperBound...]
        guard let login = Self.takeLogin(&rest) else { return nil }
        switch text[..<end.lowerBound] {
        case "redis": self.init(host: rest, tls: nil)
        case "rediss": self.init(host: rest, tls: RedisTLS())
        case "unix", "redis+unix": self.init(socket: rest)
        case "redis-sentinel": self.init(sentinels: rest, tls: nil)
        case "rediss-sentinel": self.init(sentinels: rest, tls: RedisTLS())
        default: return nil
        }
        (user, password) = (login.user, login.password)
    }

    /// `host[:port][/database]`
    private init?(host text: Substring, tls: RedisTLS?) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let endpoint = parts.first.flatMap({ RedisEndpoint($0, defaultPort: 6_379) }),
            let database = Self.database(parts.dropFirst().first)
        else { return nil }
        self.init(.host(endpoint), tls: tls, database: database)
    }

    /// `/path[?db=database]`
    private init?(socket text: Substring) {
        let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = parts.first.flatMap({ PercentEncoding.decode($0) }), path.hasPrefix("/"),
            path.utf8.count <= Self.longestPath, !path.utf8.contains(0)
        else { return nil }
        var number: Substring?
        if parts.count == 2 {
            guard parts[1].hasPrefix("db=") else { return nil }
            number = parts[1].dropFirst(3)
        }
        guard let database = Self.database(number) else { return nil }
        self.init(.socket(path), database: database)
    }

    /// `host[:port],…/service[/database]`
    private init?(sentinels text: Substring, tls: RedisTLS?) {
        let parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, let service = PercentEncoding.decode(parts[1]), !service.isEmpty,
            !service.contains(where: { $0.isWhitespace || "?#".contains($0) }),
            let database = Self.database(parts.dropFirst(2).first)
        else { return nil }
        let names = parts[0].split(separator: ",", omittingEmptySubsequences: false)
        let endpoints = names.compactMap { RedisEndpoint($0, defaultPort: 26_379) }
        guard endpoints.count == names.count, endpoints.count <= Self.maximumSentinels else { return nil }
        self.init(.sentinels(endpoints, service: service), tls: tls, database: database)
    }

    /// Takes `[user][:password]@` from the front; `nil` when that isn't one.
    private static func takeLogin(_ text: inout Substring) -> (user: String?, password: String?)? {
        guard let at = text.lastIndex(of: "@") else { return (nil, nil) }
        let parts = text[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        text = text[text.index(after: at)...]
        guard let name = parts.first.flatMap({ PercentEncoding.decode($0) }) else { return nil }
        guard parts.count == 2 else { return name.isEmpty ? nil : (name, nil) }
        guard let word = PercentEncoding.decode(parts[1]), !word.isEmpty else { return nil }
        return (name.isEmpty ? nil : name, word)
    }

    /// The number behind the last slash; 0 when there is none, `nil` when it is no number.
    private static func database(_ text: Substring?) -> Int? {
        guard let text, !text.isEmpty else { return 0 }
        return number(text, in: 0...1_000_000)
    }

    static func number(_ digits: Substring, in range: ClosedRange<Int>) -> Int? {
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(digits), range.contains(value)
        else { return nil }
        return value
    }
}
