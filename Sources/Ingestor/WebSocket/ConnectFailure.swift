import Glibc
import NIOCore
import NIOPosix
import NIOSSL

/// Why there is no connection, in the words of those who look for the cause.
enum ConnectFailure {
    /// One line.
    static func text(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError: text(error)
        case let error as IOError: String(cString: strerror(error.errnoCode))
        case ChannelError.connectTimeout: "no answer in time"
        case let error as NIOSSLError: text(error)
        default: Excerpt.text("\(error)".utf8)
        }
    }

    private static func text(_ error: NIOConnectionError) -> String {
        if let failure = error.connectionErrors.last { return text(failure.error) }
        if let failure = error.dnsAError ?? error.dnsAAAAError { return "its name isn't found: \(failure)" }
        return "it has no address"
    }

    /// BoringSSL's errors are a code, a text and a place in its sources.
    private static func text(_ error: NIOSSLError) -> String {
        guard case .handshakeFailed(.sslError(let stack)) = error else { return "TLS: \(error)" }
        let reasons = stack.map { "\($0)" }.joined(separator: ", ")
        if reasons.contains("CERTIFICATE_VERIFY_FAILED") {
            return "TLS: its certificate isn't from an authority that is trusted here, or has expired"
        }
        return "TLS: \(reasons)"
    }
}
