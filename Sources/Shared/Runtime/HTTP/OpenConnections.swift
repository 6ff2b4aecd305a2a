import NIOCore
import Synchronization

/// The connections of an HTTP port, and which of them goes when there are too many.
public final class OpenConnections: Sendable {
    private struct Connection {
        let channel: any Channel
        /// Since when it has been waiting for its next request, or for its answer to be taken.
        var since: ContinuousClock.Instant
    }

    private let limit: Int
    private let connections = Mutex<[ObjectIdentifier: Connection]>([:])

    /// - Parameter limit: how many may be open at once.
    public init(limit: Int) {
        self.limit = limit
    }

    /// Takes a new one in.
    /// - Returns: the one that has waited longest, to be closed, if that makes too many.
    public func add(_ channel: any Channel) -> (any Channel)? {
        connections.withLock { connections in
            let surplus = connections.count >= limit ? connections.min { $0.value.since < $1.value.since } : nil
            if let surplus { connections[surplus.key] = nil }
            connections[ObjectIdentifier(channel)] = Connection(channel: channel, since: .now)
            return surplus?.value.channel
        }
    }

    /// One asked for something, or was answered: it waits anew.
    public func touch(_ channel: any Channel) {
        connections.withLock { $0[ObjectIdentifier(channel)]?.since = .now }
    }

    /// One was closed.
    public func remove(_ channel: any Channel) {
        connections.withLock { $0[ObjectIdentifier(channel)] = nil }
    }
}
