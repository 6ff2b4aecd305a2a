import COpenSSL
import Glibc
import Shared

/// TLS on a socket that is connected and blocks, with a time limit of its own for each call.
final class TLSSession {
    private let session: OpaquePointer
    /// What is connected to, for errors.
    private let peer: String

    /// Shakes hands, and makes sure that the certificate is the server's.
    /// - Parameters:
    ///   - descriptor: the socket; it stays the caller's.
    ///   - host: what the certificate has to be for, unless `tls` names something else.
    ///   - peer: the address, for errors.
    /// - Throws: ``RedisError``: of the kind `.untrusted` when one side doesn't trust the other's certificate.
    init(_ tls: RedisTLS, on descriptor: Int32, host: String, peer: String) throws(RedisError) {
        let context = try TLSContext(tls)
        guard let made = SSL_new(context.context) else {
            throw RedisError(.connection, "OpenSSL has no memory for a session")
        }
        (session, self.peer) = (made, peer)
        let name = tls.serverName ?? host
        guard SSL_set_fd(made, descriptor) == 1, Self.expect(name, on: made) else {
            throw RedisError(.connection, "OpenSSL doesn't take the name \(name)")
        }
        ERR_clear_error()
        let code = SSL_connect(made)
        guard code == 1 else { throw handshakeError(code, name) }
    }

    deinit {
        SSL_free(session)
    }

    /// Whether bytes are there that no `poll` of the socket shows.
    var hasBytes: Bool { SSL_pending(session) > 0 }

    /// Sends all bytes.
    func write(_ bytes: UnsafeRawBufferPointer) throws(RedisError) {
        var rest = bytes
        while !rest.isEmpty {
            ERR_clear_error()
            let count = SSL_write(session, rest.baseAddress, Int32(clamping: rest.count))
            if count > 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(Int(count)))
                continue
            }
            let error = failure(count)
            if error == .interrupted { continue }
            // A server that refuses our certificate says so, and closes: what it said may still be there to read.
            if error == .broken {
                var byte: UInt8 = 0
                let count = SSL_peek(session, &byte, 1)
                if count <= 0 { throw transferError(failure(count)) }
            }
            throw transferError(error)
        }
    }

    /// Waits for bytes.
    /// - Returns: how many came; 0 at the end of the connection.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(RedisError) -> Int {
        while true {
            ERR_clear_error()
            let count = SSL_read(session, buffer.baseAddress, Int32(clamping: buffer.count))
            if count > 0 { return Int(count) }
            switch failure(count) {
            case .interrupted: continue
            case .end: return 0
            case let error: throw transferError(error)
            }
        }
    }

    /// Why a call did nothing.
    private enum Failure: Equatable {
        case interrupted
        case timeout
        case end
        case broken
        /// OpenSSL's own number of the reason, and its words.
        case refused(Int32, String)
    }

    private func failure(_ result: Int32) -> Failure {
        let number = errno
        switch SSL_get_error(session, result) {
        // The socket blocks: that it doesn't now means that its time is up.
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return number == EINTR ? .interrupted : .timeout
        case SSL_ERROR_ZERO_RETURN: return .end
        case SSL_ERROR_SSL:
            let reason = ERR_GET_REASON(ERR_peek_last_error())
            return .refused(reason, TLSContext.reason() ?? "an error without a name")
        default: return .broken
        }
    }

    private func transferError(_ failure: Failure) -> RedisError {
        switch failure {
        case .interrupted, .timeout: RedisError(.connection, "no answer in time from \(peer)")
        case .end: RedisError(.connection, "\(peer) closed the connection")
        case .broken: RedisError(.connection, "lost the connection to \(peer)")
        case .refused(let reason, let words) where Self.isAboutUs(reason):
            RedisError(
                .untrusted,
                "\(peer) doesn't accept our certificate: \(words); it is set with \(RedisSettings.certificate.name) "
                    + "and \(RedisSettings.key.name)"
            )
        case .refused(_, let words): RedisError(.connection, "TLS with \(peer): \(words)")
        }
    }

    private func handshakeError(_ code: Int32, _ name: String) -> RedisError {
        let verdict = SSL_get_verify_result(session)
        let failure = failure(code)
        guard verdict == Int(X509_V_OK) else {
            let words = X509_verify_cert_error_string(verdict).map { String(cString: $0) } ?? "unknown"
            let advice =
                switch Int32(truncatingIfNeeded: verdict) {
                case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
                    "it isn't for \(name), see \(RedisSettings.serverName.name)"
                case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID: "renew it, or set the clock"
                default: "the authorities are set with \(RedisSettings.authorities.name)"
                }
            return RedisError(.untrusted, "the certificate of \(peer) is refused: \(words); \(advice)")
        }
        switch failure {
        case .timeout, .interrupted:
            // A Redis without TLS waits for the end of what it takes for a line.
            return RedisError(.connection, "no answer in time to TLS' handshake from \(peer): does it speak TLS?")
        case .refused(SSL_R_WRONG_VERSION_NUMBER, _):
            return RedisError(.connection, "\(peer) answers something else than TLS: does it speak TLS?")
        case .broken, .end:
            return RedisError(.connection, "\(peer) ended the connection in the middle of TLS' handshake")
        default: return transferError(failure)
        }
    }

    /// Has the certificate checked for a name or an address; a server with several is asked for the one by the name.
    private static func expect(_ name: String, on session: OpaquePointer) -> Bool {
        var address = [UInt8](repeating: 0, count: 16)
        let isAddress = inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1
        if isAddress { return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), name) == 1 }
        SSL_set_hostflags(session, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        return SSL_set1_host(session, name) == 1 && tickline_ssl_ask_for(session, name) == 1
    }

    /// Whether the server refuses who we are: its alerts about certificates, and what TLS 1.2 says for want of one.
    private static func isAboutUs(_ reason: Int32) -> Bool {
        [
            SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, SSL_R_SSLV3_ALERT_BAD_CERTIFICATE,
            SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE, SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED,
            SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, SSL_R_TLSV1_ALERT_UNKNOWN_CA,
            SSL_R_TLSV1_ALERT_ACCESS_DENIED, SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED,
        ].contains(reason)
    }
}
