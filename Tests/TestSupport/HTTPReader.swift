import Glibc

/// A GET on a plain socket, whose answer may never end: what a reader of a stream sees.
public final class HTTPReader {
    private let handle: Int32
    private var bytes: [UInt8] = []

    /// Asks for a path on a port of 127.0.0.1.
    public init(_ port: Int, _ path: String) throws {
        handle = try LoopbackSocket.connected(to: port)
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(handle, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let request = "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        _ = send(handle, request, request.utf8.count, Int32(MSG_NOSIGNAL))
    }

    deinit {
        close(handle)
    }

    /// Reads until a text has come.
    /// - Returns: false when the connection ends before, or nothing comes for 20 s.
    public func text(until wanted: String) throws -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while !String(decoding: bytes, as: UTF8.self).contains(wanted) {
            let count = recv(handle, &chunk, chunk.count, 0)
            guard count > 0 else { return false }
            bytes += chunk[..<count]
        }
        return true
    }
}
