import NIOHTTP1

/// What a client says it can read.
enum ContentCoding {
    /// Whether a client takes gzip: `Accept-Encoding` names it, and not with `q=0`.
    static func acceptsGzip(_ headers: HTTPHeaders) -> Bool {
        for coding in headers[canonicalForm: "accept-encoding"] {
            let parts = coding.split(separator: ";").map { $0.filter { $0 != " " }.lowercased() }
            guard let name = parts.first, name == "gzip" || name == "*" else { continue }
            return !parts.dropFirst().contains { $0.hasPrefix("q=0") && !$0.contains { ("1"..."9").contains($0) } }
        }
        return false
    }
}
