import NIOSSL

/// Whether a certificate is for a host's name.
///
/// NIO's own check, which runs before, also accepts a certificate that is for the address the connection went to. Anybody
/// can have one for an address of his, so whoever forges the answer to a lookup could pass for every name.
enum CertificateNames {
    /// Whether one of its names is this one.
    static func of(_ certificate: NIOSSLCertificate, include host: String) -> Bool {
        let host = Array(host.lowercased().utf8)
        return certificate._subjectAlternativeNames().contains { name in
            name.nameType == .dnsName
                && matches(Array(String(decoding: name.contents, as: UTF8.self).lowercased().utf8), host)
        }
    }

    /// Whether a name in a certificate, whose first label may be `*`, is this host's; both in lower case.
    static func matches(_ name: [UInt8], _ host: [UInt8]) -> Bool {
        if name == host { return true }
        let dot = UInt8(ascii: ".")
        guard name.starts(with: "*.".utf8), let label = host.firstIndex(of: dot), label > 0 else { return false }
        return name.dropFirst() == host[label...] && host[(label + 1)...].contains(dot)
    }
}
