import FoundationEssentials
import Shared

/// An HTTP proxy that is asked for a tunnel.
struct WebSocketProxy: Sendable, Hashable {
    /// The name or address of its host.
    var host: String
    /// The TCP port.
    var port: Int
    /// The value of `Proxy-Authorization`, when it wants to know who asks.
    var authorization: String?

    /// How a reason and a log name it: without a password.
    var name: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }

    /// Reads `[http://][user:password@]host[:port]`; the port is 1080 when there is none, as it is for curl.
    init?(_ text: String) {
        guard let url = URLComponents(string: text.contains("://") ? text : "http://\(text)"),
            url.scheme?.lowercased() == "http", let host = url.host.map(WebSocketURL.withoutBrackets), !host.isEmpty
        else { return nil }
        self.host = host
        port = url.port ?? 1080
        guard (1...65_535).contains(port) else { return nil }
        if let user = url.user {
            authorization = "Basic " + Data("\(user):\(url.password ?? "")".utf8).base64EncodedString()
        }
    }
}

/// Which connections go through which proxy, by the environment's variables as curl reads them.
struct WebSocketProxies: Sendable {
    private let secure: WebSocketProxy?
    private let plain: WebSocketProxy?
    private let direct: [String]

    /// Reads the variables.
    /// - Throws: ``WebSocketError`` for a proxy that can't be used: another kind than HTTP, for example.
    init(environment: [String: String]) throws(WebSocketError) {
        // Not `HTTP_PROXY`: what a web server gives its children under this name comes from a request's header.
        secure = try Self.first(of: ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"], in: environment)
        plain = try Self.first(of: ["http_proxy", "all_proxy", "ALL_PROXY"], in: environment)
        let named = environment["no_proxy"] ?? environment["NO_PROXY"] ?? ""
        direct = named.split { $0 == "," || $0.isWhitespace }.map { entry in
            WebSocketURL.withoutBrackets((entry.hasPrefix(".") ? entry.dropFirst() : entry).lowercased())
        }
    }

    /// The proxy for a URL; nil when it is spoken to directly. Loopback always is.
    func proxy(for url: WebSocketURL) -> WebSocketProxy? {
        guard let proxy = url.isSecure ? secure : plain else { return nil }
        let host = (url.serverName ?? url.host).lowercased()
        let isDirect = (["localhost", "127.0.0.1", "::1"] + direct).contains { entry in
            entry == "*" || host == entry || (url.serverName != nil && host.hasSuffix(".\(entry)"))
        }
        return isDirect ? nil : proxy
    }

    private static func first(
        of names: [String],
        in environment: [String: String]
    ) throws(WebSocketError) -> WebSocketProxy? {
        for name in names {
            guard let text = environment[name] else { continue }
            // Set to nothing, a variable says that there is none.
            if text.isEmpty { return nil }
            guard let proxy = WebSocketProxy(text) else {
                throw WebSocketError(
                    disposition: .fatal,
                    description: "\(name) can't be used: a WebSocket goes through http://[user:password@]host[:port]"
                )
            }
            return proxy
        }
        return nil
    }
}
