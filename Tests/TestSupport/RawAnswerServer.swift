import Glibc
import Synchronization

/// A server on 127.0.0.1 that answers each connection with bytes of the test's, which need not be HTTP, and closes it.
public final class RawAnswerServer: Sendable {
    /// The port that the system chose.
    public let port: Int
    private let listener: Int32
    private let asked = Mutex(0)

    /// Where the server is, without a slash at the end.
    public var url: String { "http://127.0.0.1:\(port)" }

    /// How many connections it has answered.
    public var count: Int { asked.withLock { $0 } }

    /// Starts a server, which ends with the value.
    /// - Parameter answers: the bytes for the first connection, the second and so on; the last ones stay.
    public init(_ answers: [String]) throws {
        let (listener, port) = try LoopbackSocket.listening()
        self.listener = listener
        self.port = port
        LoopbackSocket.accept(on: listener) { [weak self] client in
            guard let self else { return false }
            var head = [UInt8](repeating: 0, count: 65_536)
            _ = recv(client, &head, head.count, 0)
            let number = self.asked.withLock { count in
                count += 1
                return count - 1
            }
            let bytes = Array((answers.indices.contains(number) ? answers[number] : answers.last ?? "").utf8)
            _ = send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            shutdown(client, Int32(SHUT_WR))
            // What it still sends is read, for a close before that would take back the answer.
            while recv(client, &head, head.count, 0) > 0 {}
            close(client)
            return true
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }
}
