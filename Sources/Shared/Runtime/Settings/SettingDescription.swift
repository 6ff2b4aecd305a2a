/// A setting, whatever the type of its value: what `--help`, docs/settings.md and the check at the start need.
public protocol SettingDescription: Sendable {
    /// The environment variable, e.g. `KAFKA_BOOTSTRAP_SERVERS`.
    var name: String { get }
    /// The name that it had, and that still works; nil for nearly all.
    var formerName: String? { get }
    /// What it does, in one sentence without a line break.
    var help: String { get }
    /// What is allowed, as it stands after "allowed:" in an error, e.g. `a whole number from 0 to 65535`.
    var allowed: String { get }
    /// The value it has when it isn't set, as one would write it into the environment; nil if there is none.
    var defaultText: String? { get }
    /// Whether its value is kept out of logs and errors. A secret can also be read from the file named by `NAME_FILE`.
    var isSecret: Bool { get }

    /// Whether a variable of the environment belongs to it.
    func takes(_ variable: String) -> Bool
    /// Why the value in the environment cannot be used, or nil; several settings in one may have several reasons.
    func problems(in reader: SettingsReader) -> [SettingsProblem]
    /// What `--check-config` prints: one line a value, with where it comes from, secrets masked.
    func values(in reader: SettingsReader) -> [String]
}
