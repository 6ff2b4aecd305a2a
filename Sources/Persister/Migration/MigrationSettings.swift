import Shared

/// What `persister migrate` needs to know.
struct MigrationSettings: Sendable {
    /// The database.
    let url: PostgresURL
    /// The folder of the schema's steps.
    let schemaDirectory: String

    /// Reads them.
    init(_ reader: SettingsReader) throws(SettingsError) {
        url = try PostgresSettings.read(reader)
        schemaDirectory = try reader.optional(SchemaDirectory.setting) ?? SchemaDirectory.find()
    }
}
