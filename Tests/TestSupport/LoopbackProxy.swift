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

    /// Forwards a free port of loopback to another.
    public init(to target: Int) throws {
        self.target = target
        (listener, port) = try LoopbackSocket.listening()
        LoopbackSocket.accept(on: listener) { [weak self] client in
            guard let self else { return false }
            self.connect(client)
            return true
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
        let server = state.withLock { state -> Int32? in
            guard !state.isCut, let server = try? LoopbackSocket.connected(to: target) else { return nil }
            state.sockets.formUnion([client, server])
            return server
        }
        guard let server else { return _ = close(client) }
        let ends = Ends()
        for (source, sink) in [(client, server), (server, client)] {
            Thread.detachNewThread { [weak self] in
                LoopbackSocket.pump(from: source, to: sink)
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
}
