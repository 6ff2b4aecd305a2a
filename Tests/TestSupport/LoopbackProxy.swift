import Foundation
import Glibc
import Synchronization

/// A TCP proxy on loopback whose network can be cut: the connections break, and new ones are refused until it is mended.
public final class LoopbackProxy: Sendable {
    private struct State {
        var isCut = false
        var sockets: Set<Int32> = []
    }

    /// Where it listens.
    public let port: Int
    private let target: Int
    private let listener: Int32
    private let state = Mutex(State())

    /// Why there is no proxy.
    public struct Failure: Error {}

    /// Forwards a free port of loopback to another.
    public init(to target: Int) throws {
        self.target = target
        port = PostgresServer.freePort()
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard Self.withAddress(port, { bind(listener, $0, $1) }) == 0, listen(listener, 64) == 0 else {
            close(listener)
            throw Failure()
        }
        let incoming = listener
        Thread.detachNewThread { [weak self] in
            while true {
                let client = accept(incoming, nil, nil)
                guard client >= 0 else { return }
                guard let self else { return _ = close(client) }
                self.connect(client)
            }
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        cut()
    }

    /// Breaks every connection, and every new one at once.
    public func cut() {
        state.withLock { state in
            state.isCut = true
            for descriptor in state.sockets { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    /// Lets connections through again.
    public func mend() {
        state.withLock { $0.isCut = false }
    }

    private func connect(_ client: Int32) {
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let isOpen = state.withLock { state -> Bool in
            guard !state.isCut, Self.withAddress(target, { Glibc.connect(server, $0, $1) }) == 0 else { return false }
            state.sockets.formUnion([client, server])
            return true
        }
        guard isOpen else {
            close(client)
            close(server)
            return
        }
        let ends = Ends()
        for (source, sink) in [(client, server), (server, client)] {
            Thread.detachNewThread { [weak self] in
                Self.pump(from: source, to: sink)
                shutdown(source, Int32(SHUT_RDWR))
                shutdown(sink, Int32(SHUT_RDWR))
                guard ends.isLast() else { return }
                _ = self?.state.withLock { state in
                    state.sockets.subtract([client, server])
                }
                close(client)
                close(server)
            }
        }
    }

    /// Counts the two directions of a connection; the last one closes it.
    private final class Ends: Sendable {
        private let count = Mutex(0)

        func isLast() -> Bool {
            count.withLock { count in
                count += 1
                return count == 2
            }
        }
    }

    private static func pump(from source: Int32, to sink: Int32) {
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = recv(source, &buffer, buffer.count, 0)
            guard count > 0 else { return }
            var sent = 0
            while sent < count {
                let step = buffer.withUnsafeBytes { bytes in
                    send(sink, bytes.baseAddress.map { $0 + sent }, count - sent, Int32(MSG_NOSIGNAL))
                }
                guard step > 0 else { return }
                sent += step
            }
        }
    }

    static func withAddress(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
