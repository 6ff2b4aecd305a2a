import Shared

/// Where the database is: a `postgresql://` URL that libpq can read. Its text holds the password, so it is never printed.
struct PostgresURL: Sendable {
    /// The URL as it was given.
    let text: String

    /// Takes a URL, or nil if libpq cannot read it.
    init?(_ text: String) {
        guard text.hasPrefix("postgresql://") || text.hasPrefix("postgres://"), PostgresConnection.isReadable(url: text)
        else { return nil }
        self.text = text
    }

    /// `POSTGRES_URL`.
    static let setting = Setting<PostgresURL>(
        "POSTGRES_URL",
        default: "postgresql://tickline:tickline@timescaledb:5432/tickline",
        secret: true,
        allowed: "postgresql://user:password@host:port/database, special characters in the password written as %XX",
        help: "The database; any parameter libpq knows may follow, such as ?sslmode=require.",
        parse: { PostgresURL($0) }
    )
}
