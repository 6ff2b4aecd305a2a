import Shared

/// The settings of the connection to the database, the same for the service and for `persister migrate`.
enum PostgresSettings {
    static let url = Setting<PostgresURL>(
        "POSTGRES_URL",
        default: "postgresql://tickline:tickline@timescaledb:5432/tickline",
        secret: true,
        masked: MaskedURL.text,
        allowed: "postgresql://user:password@host:port/database, special characters in the password written as %XX",
        help: "The database; any parameter libpq knows may follow, such as ?sslmode=verify-full.",
        parse: { PostgresURL($0) }
    )
    static let password = Setting.text(
        "POSTGRES_PASSWORD",
        secret: true,
        help: "The password, as it is, when POSTGRES_URL has none."
    )

    /// All of them, for the check at the start and for `--help`.
    static let all: [any SettingDescription] = [url, password]

    /// Reads where the database is and how to get in.
    /// - Throws: ``SettingsError`` for the first that isn't allowed, and for two passwords.
    static func read(_ reader: SettingsReader) throws(SettingsError) -> PostgresURL {
        var result = try reader.value(url)
        guard let password = try reader.optional(password) else { return result }
        if result.hasPassword, reader.isSet(url) {
            let reason = "and the password in POSTGRES_URL are both set"
            throw SettingsError([SettingsProblem(name: Self.password.name, reason: reason)])
        }
        result.password = password
        return result
    }
}
