/// A host and a port to connect to.
public struct RedisEndpoint: Sendable, Hashable, CustomStringConvertible {
    /// The name or address of the host; an IPv6 address without its brackets.
    public var host: String
    /// The TCP port.
    public var port: Int

    /// An endpoint.
    public init(host: String, port: Int) {
        (self.host, self.port) = (host, port)
    }

    /// Reads `host`, `host:port`, `[IPv6]` or `[IPv6]:port`; `nil` when the text is none.
    init?(_ text: Substring, defaultPort: Int) {
        var rest = text
        var name = text
        if text.hasPrefix("["), let bracket = text.firstIndex(of: "]") {
            name = text[text.index(after: text.startIndex)..<bracket]
            rest = text[text.index(after: bracket)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
        } else {
            name = text.prefix { $0 != ":" }
            rest = text[name.endIndex...]
        }
        port = defaultPort
        if !rest.isEmpty {
            guard let value = RedisURL.number(rest.dropFirst(), in: 1...65_535) else { return nil }
            port = value
        }
        guard !name.isEmpty, !name.contains(where: { $0.isWhitespace || "?#\0,".contains($0) }) else { return nil }
        host = String(name)
    }

    /// As it stands in a URL.
    public var description: String {
        (host.contains(":") ? "[\(host)]" : host) + ":\(port)"
    }
}
