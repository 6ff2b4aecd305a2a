import FoundationEssentials

/// Where a WebSocket is, as written in `wss://host[:port][/path][?query]`.
struct WebSocketURL: Sendable, Hashable {
    /// Whether it is spoken to through TLS.
    var isSecure: Bool
    /// The name or address of the host; an IPv6 address without its brackets.
    var host: String
    /// The TCP port.
    var port: Int
    /// What the request asks for: path and query, percent-encoded.
    var target: String

    /// Reads a URL; nil when it isn't one of `ws` or `wss`. A user in it is refused: what would become of it?
    init?(_ text: String) {
        guard let url = URLComponents(string: text), let scheme = url.scheme?.lowercased(),
            scheme == "ws" || scheme == "wss", url.user == nil, url.password == nil, url.fragment == nil,
            let host = url.host.map(Self.withoutBrackets), !host.isEmpty, host.utf8.allSatisfy(Self.isAllowed)
        else { return nil }
        isSecure = scheme == "wss"
        self.host = host
        port = url.port ?? (isSecure ? 443 : 80)
        guard (1...65_535).contains(port) else { return nil }
        let path = url.percentEncodedPath
        target = (path.isEmpty ? "/" : path) + (url.percentEncodedQuery.map { "?\($0)" } ?? "")
    }

    /// Host and port as a request and a log name them.
    var authority: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }

    /// The same, without the port that the scheme has anyway.
    var hostHeader: String {
        port == (isSecure ? 443 : 80) ? String(authority.dropLast("\(port)".count + 1)) : authority
    }

    /// The name as certificates and the TLS handshake write it, without a dot at its end; nil for an address.
    var serverName: String? {
        guard !isAddress else { return nil }
        return host.hasSuffix(".") ? String(host.dropLast()) : host
    }

    /// Whether the host is given by its number. A name's last part is never a number.
    private var isAddress: Bool {
        host.contains(":") || host.split(separator: ".").last.map { $0.allSatisfy(\.isNumber) } ?? true
    }

    static func withoutBrackets(_ host: String) -> String {
        host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    }

    /// Nothing that could end a line or a word of the request.
    private static func isAllowed(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F
    }
}
