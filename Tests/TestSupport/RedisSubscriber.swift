import Foundation
import Glibc

/// A subscriber to a pattern of channels, on a plain socket: what a user's program sees of pub/sub.
public final class RedisSubscriber {
    /// One message.
    public struct Message: Sendable, Hashable {
        /// Where it was published.
        public var channel: String
        /// What was published.
        public var text: String
    }

    /// The server refuses a subscriber.
    public struct Refused: Error {}

    private var handle: Int32
    private var buffer: [UInt8] = []
    private var position = 0

    /// Subscribes, and returns when the server has confirmed it.
    /// - Throws: ``Refused`` when it hasn't within 5 s.
    public init(_ server: RedisServer, pattern: String) throws {
        handle = try server.openSocket()
        let command = (server.password.map { "AUTH \($0)\r\n" } ?? "") + "PSUBSCRIBE \(pattern)\r\n"
        for _ in 0..<100 {
            _ = send(handle, command, command.utf8.count, Int32(MSG_NOSIGNAL))
            if server.password != nil { _ = try line() }
            if try array()?.first == "psubscribe" { return }
            // A server with room for few clients may not have noticed yet that one has gone.
            close(handle)
            usleep(50_000)
            (buffer, position) = ([], 0)
            handle = try server.openSocket()
        }
        throw Refused()
    }

    deinit {
        close(handle)
    }

    /// Waits for the next message; `nil` when the server is gone or nothing came for 10 s.
    public func next() throws -> Message? {
        guard let parts = try array(), parts.count == 4 else { return nil }
        return Message(channel: parts[2], text: parts[3])
    }

    /// Reads `*N`, then N strings or numbers.
    private func array() throws -> [String]? {
        guard let header = try line(), header.hasPrefix("*"), let count = Int(header.dropFirst()) else { return nil }
        var parts: [String] = []
        for _ in 0..<count {
            guard let part = try line() else { return nil }
            guard part.hasPrefix("$"), let length = Int(part.dropFirst()) else {
                parts.append(part)
                continue
            }
            guard try fill(to: position + length + 2) else { return nil }
            parts.append(String(decoding: buffer[position..<position + length], as: UTF8.self))
            position += length + 2
        }
        buffer.removeFirst(position)
        position = 0
        return parts
    }

    private func line() throws -> String? {
        while true {
            if let end = buffer[position...].firstIndex(of: 10) {
                defer { position = end + 1 }
                return String(decoding: buffer[position..<(end - 1)], as: UTF8.self)
            }
            guard try fill(to: buffer.count + 1) else { return nil }
        }
    }

    private func fill(to count: Int) throws -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while buffer.count < count {
            let length = recv(handle, &chunk, chunk.count, 0)
            guard length > 0 else { return false }
            buffer.append(contentsOf: chunk[..<length])
        }
        return true
    }
}
