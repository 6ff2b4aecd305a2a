import Glibc

/// One GET over a plain loopback socket: a health check must not need an HTTP client. The tests ask with it, too.
package enum HealthProbe {
    /// Why there is no answer.
    package struct Failure: Error, CustomStringConvertible {
        /// The call, and what is wrong with it.
        package let description: String

        init(_ description: String) {
            self.description = description
        }

        /// What `errno` says.
        static func system(_ call: String) -> Failure {
            let reason = errno == EAGAIN ? "no answer in time" : String(cString: strerror(errno))
            return Failure("\(call): \(reason)")
        }
    }

    /// The address to ask for a server that listens on `host`: the loopback one when it listens on all of them.
    static func target(for host: String) -> String {
        switch host {
        case "0.0.0.0": "127.0.0.1"
        case "::": "::1"
        default: host
        }
    }

    /// Asks `http://host:port/path`. Blocks for at most about the timeout for each of connect, write and read.
    /// - Parameter host: An IPv4 or IPv6 address.
    package static func get(
        host: String = "127.0.0.1",
        port: Int,
        path: String,
        timeout: Duration
    ) throws(Failure) -> (status: Int, body: String) {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &found) == 0, let address = found else {
            throw Failure("\(host) is not an address")
        }
        defer { freeaddrinfo(address) }
        let family = address.pointee.ai_family
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .system("socket") }
        defer { close(descriptor) }
        let (seconds, attoseconds) = timeout.components
        var limit = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        guard connect(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0 else {
            throw .system("connect")
        }

        let request = Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
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
