import Glibc

/// A port of 127.0.0.1 that is bound and listens to nobody: connections are refused, and the system gives it to nobody else.
final class PortReservation: Sendable {
    private let descriptor: Int32

    /// Takes the port; nil when it can't be had.
    /// - Parameter sharing: whether it may be one on which somebody's last connections still linger.
    init?(port: UInt16, sharing: Bool = true) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var on: Int32 = sharing ? 1 : 0
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if result != 0 { return nil }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }
}
