import Foundation
import Glibc
import Synchronization

/// A TCP proxy before a Kafka broker on loopback that can make a network's or a broker's trouble.
///
/// It holds back one request to end a transaction (EndTxn), as a network does that delays it: the client sees its
/// connection break, and the broker gets the request when the test says so. It breaks connections. It leaves all topics
/// out of their list, as a broker does that is loading.
///
/// The broker's address in its answers is replaced by the proxy's, so that clients stay on this side of it.
public final class KafkaProxy: Sendable {
    /// A request that was held back.
    private struct Held {
        var server: Int32
        var frame: [UInt8]
    }

    private struct State {
        var holdsNext = false
        var held: Held?
        var answer: [UInt8]?
        var sockets: Set<Int32> = []
        var listsNoTopics = false
        var isDown = false
        var advertised = 0
    }

    private static let metadata: UInt8 = 3
    private static let endTxn: UInt8 = 26

    /// Where it listens, as clients write it.
    public var bootstrapServers: String { "127.0.0.1:\(port)" }

    let port: Int
    private let target: Int
    private let listener: Int32
    private let state = Mutex(State())

    /// Why there is no answer.
    public struct Failure: Error {}

    /// Listens on a free port of loopback.
    /// - Parameter broker: the broker's address on 127.0.0.1, with its port.
    /// - Throws: ``Failure`` for an address without a port, LoopbackSocket's when there is no socket to be had.
    public init(before broker: String) throws {
        guard let target = broker.split(separator: ":").last.flatMap({ Int($0) }) else { throw Failure() }
        self.target = target
        (listener, port) = try LoopbackSocket.listening()
        state.withLock { $0.advertised = port }
        LoopbackSocket.accept(on: listener) { [weak self] client in
            guard let self else { return false }
            self.connect(client)
            return true
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        for descriptor in state.withLock({ $0.sockets }) { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    /// Sends clients to another port of loopback from now on, that of a proxy before this one.
    func advertise(_ port: Int) {
        state.withLock { $0.advertised = port }
    }

    /// Holds the next EndTxn back and breaks the connection it came on.
    public func holdNextEndTxn() {
        state.withLock { $0.holdsNext = true }
    }

    /// From now on the list of all topics is empty; who asks for a topic by its name is answered.
    public func listNoTopics() {
        state.withLock { $0.listsNoTopics = true }
    }

    /// Breaks all connections and lets none be made, or lets them be made again.
    public func setDown(_ isDown: Bool) {
        let sockets = state.withLock {
            $0.isDown = isDown
            return $0.sockets
        }
        guard isDown else { return }
        for descriptor in sockets { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    /// Whether one is held back.
    public var isHolding: Bool {
        state.withLock { $0.held != nil }
    }

    /// Lets the broker have the request that was held back.
    /// - Returns: the broker's error code; 0 when it ended a transaction.
    /// - Throws: ``Failure`` when none is held, or no answer comes within 10 s.
    public func release() throws -> Int16 {
        guard let held = state.withLock({ $0.held }), Self.send(held.frame, to: held.server) else { throw Failure() }
        for _ in 0..<500 {
            // Length, correlation id, throttle time, error code.
            if let answer = state.withLock({ $0.answer }), answer.count >= 14 {
                return Int16(truncatingIfNeeded: Int(answer[12]) << 8 | Int(answer[13]))
            }
            usleep(20_000)
        }
        throw Failure()
    }

    private func connect(_ client: Int32) {
        guard !state.withLock({ $0.isDown }), let server = try? LoopbackSocket.connected(to: target) else {
            return _ = close(client)
        }
        state.withLock { $0.sockets.formUnion([client, server]) }
        Thread.detachNewThread { [weak self] in
            while let frame = Self.receive(from: client) {
                guard let self else { break }
                if self.holds(frame, server: server) { return _ = shutdown(client, Int32(SHUT_RDWR)) }
                guard Self.send(self.asked(frame), to: server) else { break }
            }
            shutdown(server, Int32(SHUT_RDWR))
        }
        Thread.detachNewThread { [weak self] in
            while let frame = Self.receive(from: server) {
                guard let self else { break }
                if self.isHeldAnswer(frame, server: server) { continue }
                _ = Self.send(self.readdressed(frame), to: client)
            }
            shutdown(client, Int32(SHUT_RDWR))
        }
    }

    /// Keeps an EndTxn, if one is to be kept.
    private func holds(_ frame: [UInt8], server: Int32) -> Bool {
        state.withLock { state in
            guard state.holdsNext, frame.count > 12, frame[4] == 0, frame[5] == Self.endTxn else { return false }
            state.holdsNext = false
            state.held = Held(server: server, frame: frame)
            return true
        }
    }

    /// A request for all topics (-1 of them) as one for none of them, if they are not to be listed.
    private func asked(_ frame: [UInt8]) -> [UInt8] {
        guard state.withLock({ $0.listsNoTopics }), frame.count > 14, frame[4] == 0, frame[5] == Self.metadata else {
            return frame
        }
        // Length, key, version, correlation id, the client's name; then how many topics.
        let count = 14 + (Int(frame[12]) << 8 | Int(frame[13]))
        guard frame.count >= count + 4, frame[count..<count + 4].allSatisfy({ $0 == 0xff }) else { return frame }
        var none = frame
        none.replaceSubrange(count..<count + 4, with: [0, 0, 0, 0])
        return none
    }

    /// Keeps the broker's answer to the request that was held back.
    private func isHeldAnswer(_ frame: [UInt8], server: Int32) -> Bool {
        state.withLock { state in
            guard let held = state.held, held.server == server, frame.count > 8 else { return false }
            if frame[4..<8] == held.frame[8..<12] { state.answer = frame }
            return true
        }
    }

    /// An answer with the advertised port in place of the broker's, wherever it follows the broker's address.
    private func readdressed(_ frame: [UInt8]) -> [UInt8] {
        func address(_ port: Int) -> [UInt8] {
            Array("127.0.0.1".utf8) + [0, 0, UInt8(port >> 8), UInt8(port & 0xff)]
        }
        let (old, new) = (Data(address(target)), Data(address(state.withLock { $0.advertised })))
        var result = Data(frame)
        while let found = result.range(of: old) { result.replaceSubrange(found, with: new) }
        return Array(result)
    }

    /// The next frame with its length of four bytes; nil at the end of the connection.
    private static func receive(from socket: Int32) -> [UInt8]? {
        guard let head = receive(4, from: socket) else { return nil }
        let length = head.reduce(0) { $0 << 8 | Int($1) }
        guard length < 16 << 20, let body = receive(length, from: socket) else { return nil }
        return head + body
    }

    private static func receive(_ count: Int, from socket: Int32) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: count)
        let received = buffer.withUnsafeMutableBytes { recv(socket, $0.baseAddress, count, Int32(MSG_WAITALL)) }
        return received == count ? buffer : nil
    }

    private static func send(_ frame: [UInt8], to socket: Int32) -> Bool {
        frame.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, frame.count, Int32(MSG_NOSIGNAL)) }
            == frame.count
    }
}
