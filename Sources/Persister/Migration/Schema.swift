import Shared

/// The schema for those who have no command line: benchmarks and tests of the whole.
public enum Schema {
    /// Brings a database to the schema of a folder.
    /// - Parameters:
    ///   - url: The database.
    ///   - folder: The folder of the schema's steps.
    /// - Throws: ``SettingsError`` for a URL that libpq cannot read; what ``Migrator/migrate(progress:)`` throws.
    public static func migrate(url: String, folder: String) throws {
        let url = try SettingsReader(environment: ["POSTGRES_URL": url]).value(PostgresSettings.url)
        let migrator = Migrator(connection: try PostgresConnection(url), files: try SchemaDirectory.read(folder))
        try migrator.migrate { _ in }
    }
}
