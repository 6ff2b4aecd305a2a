/// What a key is called where it must not stand: in `ingestor.state`. Processes with the same key find each other by it, and
/// nobody finds the key: it is an HMAC-SHA-256 with the key as its key.
enum KeyFingerprint {
    /// The name; without a key that of everybody behind the same address.
    static func of(_ key: String?) -> String {
        guard let key else { return "keyless" }
        return SHA256.name(SHA256.hmac(key: Array(key.utf8), message: Array("tickline ingestor.state budget".utf8)))
    }
}
