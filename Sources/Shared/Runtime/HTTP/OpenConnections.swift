import NIOCore
import Synchronization

/// The connections of an HTTP port, and which of them goes when there are too many.
public final class OpenConnections: Sendable {
    /// Each connection has a ticket and takes a new one when it begins to wait again, so the lowest has waited longest.
    /// Looking for that one passes over each ticket once: thousands of connections a second cost no more than a few.
    private struct Tickets {
        var ofConnection: [ObjectIdentifier: Int] = [:]
        var waiting: [Int: any Channel] = [:]
        var next = 0
        var lowest = 0

        mutating func give(_ channel: any Channel) {
            take(from: channel)
            ofConnection[ObjectIdentifier(channel)] = next
            waiting[next] = channel
            next += 1
        }

        mutating func take(from channel: any Channel) {
            if let ticket = ofConnection.removeValue(forKey: ObjectIdentifier(channel)) { waiting[ticket] = nil }
        }

        mutating func longestWaiting() -> (any Channel)? {
            while lowest < next {
                if let channel = waiting[lowest] { return channel }
                lowest += 1
            }
            return nil
        }
    }

    private let limit: Int
    private let tickets = Mutex(Tickets())

    /// - Parameter limit: how many may be open at once.
    public init(limit: Int) {
        self.limit = limit
    }

    /// Takes a new one in.
    /// - Returns: the one that has waited longest, to be closed, if that makes too many.
    public func add(_ channel: any Channel) -> (any Channel)? {
        tickets.withLock { tickets in
            let surplus = tickets.waiting.count >= limit ? tickets.longestWaiting() : nil
            if let surplus { tickets.take(from: surplus) }
            tickets.give(channel)
            return surplus
        }
    }

    /// One asked for something, or was answered: it waits anew.
    public func touch(_ channel: any Channel) {
        tickets.withLock { tickets in
            if tickets.ofConnection[ObjectIdentifier(channel)] != nil { tickets.give(channel) }
        }
    }

    /// One was closed.
    public func remove(_ channel: any Channel) {
        tickets.withLock { $0.take(from: channel) }
    }
}
