import COpenSSL
import Shared

/// What sessions are made from: the trusted authorities and our certificate, loaded from their files.
///
/// OpenSSL is the one that Debian keeps up to date, and that librdkafka brings into every image; hiredis 0.14 knows none.
final class TLSContext {
    let context: OpaquePointer

    /// Loads the files.
    /// - Throws: ``RedisError`` of the kind `.untrusted`, with the setting whose file can't be used.
    init(_ tls: RedisTLS) throws(RedisError) {
        guard let made = SSL_CTX_new(TLS_client_method()) else {
            throw RedisError(.connection, "OpenSSL has no memory for a context")
        }
        context = made
        _ = tickline_ssl_require_tls12(made)
        SSL_CTX_set_verify(made, SSL_VERIFY_PEER, nil)
        // Redis ends a connection without TLS' goodbye; a reply says itself where it ends.
        tickline_ssl_take_end_without_goodbye(made)
        // A key with a password would be asked for at the terminal.
        SSL_CTX_set_default_passwd_cb(made) { _, _, _, _ in -1 }
        ERR_clear_error()
        try trust(tls.authorities)
        if let certificate = tls.certificate, let key = tls.key { try present(certificate, key) }
    }

    deinit {
        SSL_CTX_free(context)
    }

    private func trust(_ authorities: String?) throws(RedisError) {
        guard let authorities else {
            _ = SSL_CTX_set_default_verify_paths(context)
            return
        }
        guard SSL_CTX_load_verify_file(context, authorities) == 1 else {
            throw Self.unusable(RedisSettings.authorities.name, authorities)
        }
    }

    private func present(_ certificate: String, _ key: String) throws(RedisError) {
        guard SSL_CTX_use_certificate_chain_file(context, certificate) == 1 else {
            throw Self.unusable(RedisSettings.certificate.name, certificate)
        }
        guard SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1,
            SSL_CTX_check_private_key(context) == 1
        else { throw Self.unusable(RedisSettings.key.name, key) }
    }

    private static func unusable(_ setting: String, _ path: String) -> RedisError {
        RedisError(.untrusted, "\(setting) names \(path), which can't be used: \(reason() ?? "no PEM file")")
    }

    /// What OpenSSL's queue of errors says last, such as `certificate verify failed`; empties it.
    static func reason() -> String? {
        let code = ERR_peek_last_error()
        ERR_clear_error()
        return ERR_reason_error_string(code).map { String(cString: $0) }
    }
}
