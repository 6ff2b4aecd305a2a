#pragma once
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

// What OpenSSL defines as macros, which Swift cannot call.

static inline int tickline_ssl_require_tls12(SSL_CTX *context) {
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
}

static inline int tickline_ssl_ask_for(SSL *session, const char *server_name) {
    return SSL_set_tlsext_host_name(session, server_name);
}

static inline void tickline_ssl_take_end_without_goodbye(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
}
