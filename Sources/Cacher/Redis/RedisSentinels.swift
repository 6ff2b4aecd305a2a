import Shared

/// Those who know which server is a service's master now.
///
/// They are asked at each connect, so a failover is followed as soon as the connection to the old master breaks, or as it
/// says that it is a replica now.
struct RedisSentinels {
    /// No sentinel gets less time than this.
    private static let shortestWait = Duration.milliseconds(50)

    private let endpoints: [RedisEndpoint]
    private let service: String

    init(_ endpoints: [RedisEndpoint], service: String) {
        (self.endpoints, self.service) = (endpoints, service)
    }

    /// Asks one after the other, and connects to the first master that says itself that it is one.
    /// - Parameters:
    ///   - url: with the login of servers and sentinels.
    ///   - timeout: how long all sentinels may take together, and then each master that they name.
    /// - Throws: ``RedisError`` with what each of them said; worth a retry if one of them is.
    func master(for url: RedisURL, timeout: Duration) throws(RedisError) -> RedisConnection {
        let wait = max(Self.shortestWait, timeout / max(1, endpoints.count))
        var failures: [RedisError] = []
        var tried: Set<RedisEndpoint> = []
        for endpoint in endpoints {
            do throws(RedisError) {
                let master = try ask(endpoint, url, wait)
                guard tried.insert(master).inserted else { continue }
                return try connect(to: master, url, timeout)
            } catch {
                failures.append(error)
            }
        }
        let kind = failures.first { $0.disposition == .retry }?.kind ?? failures.first?.kind ?? .unavailable
        let words = failures.map(\.message).joined(separator: "; ")
        throw RedisError(kind, "no master of \(service) at \(url): \(words)")
    }

    private func ask(
        _ endpoint: RedisEndpoint,
        _ url: RedisURL,
        _ wait: Duration
    ) throws(RedisError) -> RedisEndpoint {
        let reply: RedisReply
        do throws(RedisError) {
            let sentinel = try RedisConnection(to: url.sentinel(at: endpoint), timeout: wait)
            reply = try sentinel.call(["SENTINEL", "get-master-addr-by-name", service])
        } catch {
            guard [.authentication, .forbidden].contains(error.kind) else { throw error }
            throw RedisError(
                error.kind,
                "the sentinel at \(endpoint) wants a login of its own: see \(RedisSettings.sentinelPassword.name) and "
                    + RedisSettings.sentinelUser.name
            )
        }
        guard case .array(let words) = reply, words.count == 2, let host = words[0].text, !host.isEmpty,
            !host.utf8.contains(0), let port = words[1].text.flatMap({ RedisURL.number($0[...], in: 1...65_535) })
        else { throw RedisError(.unavailable, "the sentinel at \(endpoint) knows no master of that name") }
        return RedisEndpoint(host: host, port: port)
    }

    private func connect(
        to master: RedisEndpoint,
        _ url: RedisURL,
        _ timeout: Duration
    ) throws(RedisError) -> RedisConnection {
        let connection = try RedisConnection(to: url.at(master), timeout: timeout)
        // Every user may say HELLO, whatever else it may not; a server before 6.0 doesn't know it.
        if case .array(let words) = try? connection.call(["HELLO", "2"]),
            let place = words.firstIndex(of: .string(Array("role".utf8))), words.indices.contains(place + 1),
            let role = words[place + 1].text, role != "master"
        {
            throw RedisError(.unavailable, "\(master) should be the master, and is a \(role) still")
        }
        return connection
    }
}
