/// What the database server is, as far as the schema and the logs care. This is the only place that asks.
enum ServerEdition: Equatable, Sendable, CustomStringConvertible {
    /// PostgreSQL without TimescaleDB in this database.
    case postgresql(version: String)
    /// TimescaleDB under the Apache licence: hypertables, but no policies.
    case timescaleApache(version: String)
    /// TimescaleDB Community: compression and retention as well.
    case timescaleCommunity(version: String)

    /// Whether the server has preloaded TimescaleDB: only then the loader's settings are there. (The file that names the
    /// preloaded libraries is not for everybody to read; a value in it alone makes no setting of `pg_settings`.)
    static let isTimescaleLoaded = "EXISTS (SELECT FROM pg_settings WHERE name = 'timescaledb.disable_load')"

    /// Asks the server.
    /// - Throws: ``PostgresError``, a fatal one when the database has the extension and the server doesn't load it.
    static func ask(_ connection: PostgresConnection) throws(PostgresError) -> ServerEdition {
        let rows = try connection.query(
            """
            SELECT current_setting('server_version'), current_setting('timescaledb.license', true),
                (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'), \(isTimescaleLoaded)
            """
        )
        let row = rows.first ?? []
        guard row.count == 4, let extensionVersion = row[2] else {
            let version = row.first.flatMap { $0?.split(separator: " ").first }.map(String.init)
            return .postgresql(version: version ?? "of unknown version")
        }
        guard row[3] == "t" else {
            let message =
                "the database at \(connection.place) uses TimescaleDB, and its server doesn't load it: add timescaledb to "
                + "shared_preload_libraries and restart the server"
            throw PostgresError(sqlState: SQLState("0A000"), message: message)
        }
        return row[1] == "apache"
            ? .timescaleApache(version: extensionVersion) : .timescaleCommunity(version: extensionVersion)
    }

    /// Whether a step of the schema can run here.
    func meets(_ requirement: MigrationFile.Requirement) -> Bool {
        switch (requirement, self) {
        case (.anything, _), (.community, .timescaleCommunity), (.postgresql, .postgresql): true
        case (.timescaledb, .timescaleApache), (.timescaledb, .timescaleCommunity): true
        default: false
        }
    }

    /// For the log line that tells it once.
    var description: String {
        switch self {
        case .postgresql(let version):
            "PostgreSQL \(version) without TimescaleDB: plain tables, no compression, no retention"
        case .timescaleApache(let version):
            "TimescaleDB \(version), Apache edition: hypertables, no compression, no retention"
        case .timescaleCommunity(let version):
            "TimescaleDB \(version), Community edition: hypertables, compression, retention"
        }
    }
}
