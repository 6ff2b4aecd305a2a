/// Where Redis is and how to log in: what `REDIS_URL` says, completed by the other settings of the connection.
public struct RedisURL: Sendable, Hashable {
    /// Where a server is, or who knows it.
    public enum Place: Sendable, Hashable {
        /// On a host and port.
        case host(RedisEndpoint)
        /// At the path of a Unix socket.
        case socket(String)
        /// Wherever the sentinels say that the service's master is now.
        case sentinels([RedisEndpoint], service: String)
    }

    /// Where it is.
    public var place: Place
    /// How the connection is protected; `nil` for plain TCP and for a Unix socket.
    public var tls: RedisTLS?
    /// The ACL user; `nil` for the default one.
    public var user: String?
    /// The password; `nil` to connect without.
    public var password: String?
    /// The number of the database that keys live in.
    public var database: Int
    /// The ACL user for the sentinels; `nil` for the default one.
    public var sentinelUser: String?
    /// The sentinels' password; `nil` when they want none.
    public var sentinelPassword: String?

    /// Makes an address from its parts.
    public init(
        _ place: Place,
        tls: RedisTLS? = nil,
        user: String? = nil,
        password: String? = nil,
        database: Int = 0
    ) {
        (self.place, self.tls) = (place, tls)
        (self.user, self.password, self.database) = (user, password, database)
    }

    /// Makes the address of a host.
    public init(host: String, port: Int = 6379, user: String? = nil, password: String? = nil, database: Int = 0) {
        self.init(.host(RedisEndpoint(host: host, port: port)), user: user, password: password, database: database)
    }

    /// The same login at another host: a master that sentinels have named.
    func at(_ endpoint: RedisEndpoint) -> RedisURL {
        var url = self
        url.place = .host(endpoint)
        return url
    }

    /// One of the sentinels, with their login.
    func sentinel(at endpoint: RedisEndpoint) -> RedisURL {
        RedisURL(.host(endpoint), tls: tls, user: sentinelUser, password: sentinelPassword)
    }
}

extension RedisURL: CustomStringConvertible {
    /// The address as a log may show it: without user and password.
    public var description: String {
        switch place {
        case .host(let endpoint): "\(tls == nil ? "redis" : "rediss")://\(endpoint)/\(database)"
        case .socket(let path): "unix://\(path)?db=\(database)"
        case .sentinels(let endpoints, let service):
            "\(tls == nil ? "redis" : "rediss")-sentinel://"
                + "\(endpoints.map(\.description).joined(separator: ","))/\(service)/\(database)"
        }
    }
}
