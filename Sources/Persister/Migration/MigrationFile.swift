/// One step of the schema: a file `NNN_name.sql`, or `NNN_name.REQUIREMENT.sql` if it is not for every server.
struct MigrationFile: Equatable, Sendable {
    /// What the server must be for the step to run; otherwise it waits until it is.
    enum Requirement: String, Sendable, CaseIterable {
        /// Runs everywhere.
        case anything
        /// Only where there is no TimescaleDB.
        case postgresql
        /// TimescaleDB of either edition.
        case timescaledb
        /// TimescaleDB Community.
        case community
    }

    /// Its number: steps run in this order.
    let number: Int
    /// The file's name, with the number and `.sql`.
    let fileName: String
    /// What the server must be.
    let requirement: Requirement
    /// The statements.
    let sql: String

    /// Takes a file's name and content, or nil if the name is none of a step's.
    init?(fileName: String, sql: String) {
        let parts = fileName.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.last == "sql", parts.count == 2 || parts.count == 3 else { return nil }
        let words = parts[0].split(separator: "_", maxSplits: 1)
        guard words.count == 2, words[0].count == 3, let number = Int(words[0]), number > 0 else { return nil }
        let requirement = parts.count == 2 ? .anything : Requirement(rawValue: String(parts[1]))
        guard let requirement, parts.count == 2 || requirement != .anything else { return nil }
        self.number = number
        self.fileName = fileName
        self.requirement = requirement
        self.sql = sql
    }
}
