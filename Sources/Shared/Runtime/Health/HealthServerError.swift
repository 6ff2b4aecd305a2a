import Glibc
import NIOCore

/// The endpoints cannot listen where the settings say.
struct HealthServerError: ClassifiedError {
    let host: String
    let port: Int
    let cause: any Error

    /// Another start finds the same port taken.
    var disposition: Disposition { .fatal }

    /// One line that says what to do.
    var description: String {
        switch (cause as? IOError)?.errnoCode {
        case EADDRINUSE:
            "HTTP_PORT \(port) on \(host) is in use already: end the process that has it, or set HTTP_PORT to "
                + "another port (0 takes a free one)"
        case EADDRNOTAVAIL:
            "HTTP_HOST \(host) is not an address of this machine: set it to one, or to 0.0.0.0 for all of them"
        case EACCES:
            "HTTP_PORT \(port) is not allowed to this user: set HTTP_PORT to a port from 1024"
        default:
            "cannot listen on \(host) port \(port): \(cause)"
        }
    }
}
