import Glibc
import NIOCore

/// The service cannot listen where its settings say.
public struct HTTPServerError: ClassifiedError {
    let address: HTTPAddress
    let cause: any Error

    /// Another start finds the same port taken.
    public var disposition: Disposition { .fatal }

    /// One line that says what to do.
    public var description: String {
        let (host, port) = (address.host, "\(address.setting)_PORT")
        return switch (cause as? IOError)?.errnoCode {
        case EADDRINUSE:
            "\(port) \(address.port) on \(host) is in use already: end the process that has it, or set \(port) to "
                + "another port (0 takes a free one)"
        case EADDRNOTAVAIL:
            "\(address.setting)_HOST \(host) is not an address of this machine: set it to one, or to 0.0.0.0 for all of "
                + "them"
        case EACCES:
            "\(port) \(address.port) is not allowed to this user: set \(port) to a port from 1024"
        default:
            "cannot listen on \(host) port \(address.port): \(cause)"
        }
    }
}
