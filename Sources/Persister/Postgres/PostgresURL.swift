/// Where the database is: a `postgresql://` URL that libpq can read. Its text holds the password, so it is never printed.
///
/// libpq reads a password with an unescaped `/` or `@` as a host, a port or a database, and names those in its errors. So
/// a URL that could be such a misreading is refused here, before anything is printed.
struct PostgresURL: Sendable {
    /// The URL as it was given.
    let text: String
    /// Whether it holds a password.
    let hasPassword: Bool
    /// The password to use instead of the URL's.
    var password: String?

    /// Takes a URL, or nil if libpq cannot read it, or would read a part of the password as something else.
    init?(_ text: String) {
        guard let scheme = ["postgresql://", "postgres://"].first(where: text.hasPrefix) else { return nil }
        // As libpq's conninfo_uri_parse_options: credentials end at the first `@`, if no `/` comes before it.
        var rest = text.dropFirst(scheme.count)
        if let end = rest.firstIndex(where: { $0 == "@" || $0 == "/" }), rest[end] == "@" {
            rest = rest[rest.index(after: end)...]
        }
        let query = rest.firstIndex(of: "?") ?? rest.endIndex
        let slash = rest[..<query].firstIndex(of: "/") ?? query
        guard !rest.contains("@"), !rest[slash..<query].dropFirst().contains("/"),
            rest[..<slash].split(separator: ",", omittingEmptySubsequences: false).allSatisfy(Self.isHost),
            let options = PostgresConnection.options(of: text)
        else { return nil }
        self.text = text
        hasPassword = options["password"] != nil
    }

    /// Whether a text is a host, or a host and a port: `host`, `host:5432`, `[::1]:5432`, or nothing, which is libpq's
    /// default.
    private static func isHost(_ text: Substring) -> Bool {
        var port = text.drop { $0 != ":" }
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return false }
            port = text[text.index(after: end)...]
            guard port.isEmpty || port.hasPrefix(":") else { return false }
        }
        return port.count < 2 || UInt16(port.dropFirst()).map { $0 > 0 } ?? false
    }
}
