import Cacher

/// What redis-benchmark takes: a host and a port.
extension RedisURL {
    /// The host; empty for a socket and for sentinels.
    var host: String { endpoint?.host ?? "" }
    /// The port; 0 for a socket and for sentinels.
    var port: Int { endpoint?.port ?? 0 }

    private var endpoint: RedisEndpoint? {
        if case .host(let endpoint) = place { endpoint } else { nil }
    }
}
