import Foundation
import Glibc
import Synchronization

/// An HTTP proxy on loopback for tunnels, all of which lead to one port, whatever host they ask for.
public final class ConnectProxy: Sendable {
    /// Where it listens.
    public let port: Int
    private let listener: Int32
    private let heads = Mutex<[String]>([])

    /// The requests so far, head by head.
    public var requests: [String] { heads.withLock { $0 } }

    /// Starts listening.
    /// - Parameters:
    ///   - target: the port that tunnels lead to.
    ///   - answer: what it answers; a tunnel begins behind it when it says 200.
    public init(to target: Int, answer: String = "HTTP/1.1 200 Connection established\r\n\r\n") throws {
        (listener, port) = try LoopbackSocket.listening()
        LoopbackSocket.accept(on: listener) { [weak self] client in
            guard let self else { return false }
            Thread.detachNewThread { self.serve(client, target, answer) }
            return true
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    private func serve(_ client: Int32, _ target: Int, _ answer: String) {
        defer { close(client) }
        var head: [UInt8] = []
        while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            var byte: UInt8 = 0
            guard recv(client, &byte, 1, 0) == 1 else { return }
            head.append(byte)
        }
        heads.withLock { $0.append(String(decoding: head, as: UTF8.self)) }
        _ = send(client, Array(answer.utf8), answer.utf8.count, Int32(MSG_NOSIGNAL))
        guard answer.contains(" 200 "), let server = try? LoopbackSocket.connected(to: target) else { return }
        let back = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            LoopbackSocket.pump(from: server, to: client)
            shutdown(client, Int32(SHUT_RDWR))
            back.signal()
        }
        LoopbackSocket.pump(from: client, to: server)
        shutdown(server, Int32(SHUT_RDWR))
        back.wait()
        close(server)
    }
}
