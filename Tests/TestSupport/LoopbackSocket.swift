import Foundation
import Glibc

/// TCP on 127.0.0.1 in plain sockets, for the tests' proxies, servers and clients that misbehave.
public enum LoopbackSocket {
    /// A call that the kernel refused.
    public struct Failure: Error, CustomStringConvertible {
        /// The call, and why.
        public let description: String

        init(_ call: String) {
            description = "\(call): \(String(cString: strerror(errno)))"
        }
    }

    /// A socket that is connected to a port; the caller closes it.
    public static func connected(to port: Int) throws(Failure) -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard withAddress(port, { connect(descriptor, $0, $1) }) == 0 else {
            defer { close(descriptor) }
            throw Failure("connecting to port \(port)")
        }
        return descriptor
    }

    /// A socket that listens on a free port; the caller closes it.
    public static func listening() throws(Failure) -> (descriptor: Int32, port: Int) {
        let socket = try bound()
        guard listen(socket.descriptor, 64) == 0 else {
            defer { close(socket.descriptor) }
            throw Failure("listening")
        }
        return socket
    }

    /// A socket that has a free port, on which nobody listens while it is open; the caller closes it.
    public static func bound() throws(Failure) -> (descriptor: Int32, port: Int) {
        try bound(reusing: false)
    }

    private static func bound(reusing: Bool) throws(Failure) -> (descriptor: Int32, port: Int) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var option: Int32 = reusing ? 1 : 0
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &option, socklen_t(MemoryLayout<Int32>.size))
        guard withAddress(0, { bind(descriptor, $0, $1) }) == 0 else {
            defer { close(descriptor) }
            throw Failure("binding")
        }
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }

    /// A port that this process keeps to its end: a server that asks for it by its number gets it, as often as it starts,
    /// while the kernel gives it to nobody who asks for any.
    public static func freePort() throws(Failure) -> Int {
        // Bound and never listening: with SO_REUSEADDR on both sockets, another may bind the port and listen.
        try bound(reusing: true).port
    }

    /// Takes connections on a thread of its own, until the listener is shut down or `take` says that nobody wants them.
    /// - Parameter take: what to do with a connection; false ends it, and the thread.
    static func accept(on listener: Int32, _ take: @escaping @Sendable (Int32) -> Bool) {
        Thread.detachNewThread {
            while true {
                let client = Glibc.accept(listener, nil, nil)
                guard client >= 0 else { return }
                guard take(client) else { return _ = close(client) }
            }
        }
    }

    /// Sends on what one socket says to another, until one of them ends; blocks.
    static func pump(from source: Int32, to sink: Int32) {
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

    private static func withAddress(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
