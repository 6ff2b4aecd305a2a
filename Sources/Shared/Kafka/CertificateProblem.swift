/// Why OpenSSL refuses a certificate. librdkafka says of each only that it could not be verified, and to look at
/// `ssl.ca.location`.
enum CertificateProblem {
    /// In words, for OpenSSL's `X509_V_ERR_…`; the numbers have been the same since they came.
    static func text(_ code: Int32) -> String {
        switch code {
        case 9: "it isn't valid yet"
        case 10: "it is out of date"
        case 18, 19, 20, 21: "it is of an authority that isn't trusted, see KAFKA_SSL_CA_LOCATION"
        case 23: "it was revoked"
        case 62, 64: "it isn't for the host that the broker is addressed by"
        default: "OpenSSL's error \(code)"
        }
    }
}
