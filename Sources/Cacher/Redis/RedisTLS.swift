/// How a connection to Redis is protected: whom we trust, and who we are.
///
/// The files are read at each connect, so that a renewed certificate is used from the next one on.
public struct RedisTLS: Sendable, Hashable {
    /// The path of a PEM file of the authorities that are trusted; `nil` for the system's.
    public var authorities: String?
    /// The path of a PEM file with our certificate and what leads to its authority; `nil` for none.
    public var certificate: String?
    /// The path of a PEM file with the key of our certificate.
    public var key: String?
    /// The name or address that the server's certificate has to be for; `nil` for the host we connect to.
    public var serverName: String?

    /// The system's authorities, no certificate of ours.
    public init(
        authorities: String? = nil,
        certificate: String? = nil,
        key: String? = nil,
        serverName: String? = nil
    ) {
        (self.authorities, self.certificate, self.key) = (authorities, certificate, key)
        self.serverName = serverName
    }
}
