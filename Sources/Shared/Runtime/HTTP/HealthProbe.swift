import Glibc

/// One GET over a plain loopback socket: a health check must not need an HTTP client.
enum HealthProbe {
    /// Why there is no answer.
    struct Failure: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) {
            self.description = description
        }

        /// What `errno` says.
        static func system(_ call: String) -> Failure {
            let reason = errno == EAGAIN ? "no answer in time" : String(cString: strerror(errno))
            return Failure("\(call): \(reason)")
        }
    }

    /// Asks `http://127.0.0.1:port/path`. Blocks for at most about the timeout for each of connect, write and read.
    static func get(port: Int, path: String, timeout: Duration) throws(Failure) -> (status: Int, body: String) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .system("socket") }
        defer { close(descriptor) }
        let (seconds, attoseconds) = timeout.components
        var limit = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))

        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(clamping: port)).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw .system("connect") }

        let request = Array("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".utf8)
        guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
            throw .system("write")
        }
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while answer.count < 1_000_000 {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count >= 0 else { throw .system("read") }
            if count == 0 { break }
            answer.append(contentsOf: chunk[..<count])
        }
        let text = String(decoding: answer, as: UTF8.self)
        // "HTTP/1.1 200 OK", headers, an empty line, the body.
        let status = text.split(separator: " ", maxSplits: 2).dropFirst().first.flatMap { Int($0) }
        guard text.hasPrefix("HTTP/1."), let status else { throw Failure("not an HTTP answer") }
        let bytes = answer[...]
        var bodyStart = bytes.endIndex
        for index in bytes.indices.dropLast(3) where bytes[index..<index + 4].elementsEqual([13, 10, 13, 10]) {
            bodyStart = index + 4
            break
        }
        return (status, String(decoding: bytes[bodyStart...], as: UTF8.self))
    }
}
