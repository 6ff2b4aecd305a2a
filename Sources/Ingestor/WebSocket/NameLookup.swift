import Dispatch
import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// Looks up one host's addresses on a queue of its own, because `getaddrinfo` blocks for as long as it likes.
///
/// NIO's own resolver comes back to the event loop whenever it is done, also when that has ended; this one can be given up.
final class NameLookup: Resolver, Sendable {
    private let loop: any EventLoop
    private let queue: DispatchQueue
    private let isDone = Mutex(false)
    private let addresses4: EventLoopPromise<[SocketAddress]>
    private let addresses6: EventLoopPromise<[SocketAddress]>

    /// - Parameter queue: where lookups wait for each other.
    init(on loop: any EventLoop, queue: DispatchQueue) {
        (self.loop, self.queue) = (loop, queue)
        addresses4 = loop.makePromise()
        addresses6 = loop.makePromise()
    }

    func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        addresses4.futureResult
    }

    /// Asks for both kinds, which come together: the order of this call and the other is NIO's.
    func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        queue.async { [self] in
            // Nobody waits any more for what waited behind a slow one.
            guard !isDone.withLock({ $0 }) else { return }
            let found = Self.addresses(of: host, port: port)
            finish { [addresses4, addresses6] in
                addresses6.completeWith(found.map(\.six))
                addresses4.completeWith(found.map(\.four))
            }
        }
        return addresses6.futureResult
    }

    /// Gives it up; what is found later is dropped.
    func cancelQueries() {
        finish { [addresses4, addresses6] in
            addresses6.fail(NameLookupError.cancelled)
            addresses4.fail(NameLookupError.cancelled)
        }
    }

    /// Under the lock, so that whoever has cancelled it may end the event loop.
    private func finish(_ body: @escaping @Sendable () -> Void) {
        isDone.withLock { isDone in
            guard !isDone else { return }
            isDone = true
            loop.execute(body)
        }
    }

    private static func addresses(
        of host: String,
        port: Int
    ) -> Result<(four: [SocketAddress], six: [SocketAddress]), any Error> {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_protocol = Int32(IPPROTO_TCP)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, "\(port)", &hints, &list)
        guard code == 0 else { return .failure(NameLookupError.unknown(code)) }
        defer { freeaddrinfo(list) }
        var found: (four: [SocketAddress], six: [SocketAddress]) = ([], [])
        var next = list
        while let entry = next?.pointee {
            next = entry.ai_next
            guard let address = entry.ai_addr.map({ UnsafeRawPointer($0) }) else { continue }
            switch entry.ai_family {
            case AF_INET: found.four.append(SocketAddress(address.load(as: sockaddr_in.self), host: host))
            case AF_INET6: found.six.append(SocketAddress(address.load(as: sockaddr_in6.self), host: host))
            default: break
            }
        }
        return .success(found)
    }
}

/// A host's addresses aren't known.
enum NameLookupError: Error, CustomStringConvertible {
    /// `getaddrinfo` says so, with one of its codes.
    case unknown(Int32)
    /// Nobody wants to know any more.
    case cancelled

    /// In the C library's words.
    var description: String {
        switch self {
        case .unknown(let code): String(cString: gai_strerror(code))
        case .cancelled: "cancelled"
        }
    }
}
