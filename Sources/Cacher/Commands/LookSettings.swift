import ArgumentParser
import Shared

/// What `cacher get` and `cacher tail` are told by the environment: where the keys and channels are.
struct LookSettings {
    /// All of them, for the check at the start and for `--help`.
    static let all: [any SettingDescription] = RedisSettings.all + [CacherSettings.keyPrefix]

    /// For `--help`.
    static let discussion =
        SettingsTable.text(all)
        + "\n\nEXIT CODES: 0 done, 1 no such coin or no Redis, 64 wrong usage, 78 settings that don't allow a start."

    /// Where Redis is.
    let redis: RedisURL
    /// How long it may take.
    let timeout: Duration
    /// The names of keys and channels.
    let keys: CacheKeys

    /// Reads them.
    /// - Throws: ``SettingsError`` with all that isn't allowed.
    init(_ reader: SettingsReader) throws(SettingsError) {
        try reader.check(Self.all)
        redis = try RedisSettings.read(reader)
        timeout = try reader.value(RedisSettings.timeout)
        keys = CacheKeys(prefix: try reader.optional(CacherSettings.keyPrefix) ?? "")
    }

    /// Reads them for a command.
    /// - Throws: exit code 78, when what isn't allowed stands on stderr.
    static func read(for command: String) throws(ExitCode) -> LookSettings {
        do throws(SettingsError) {
            return try LookSettings(SettingsReader())
        } catch {
            for problem in error.problems { Terminal.say("cacher \(command): \(problem)") }
            throw .configuration
        }
    }

    /// Where it was looked, for errors.
    var place: String {
        keys.prefix.isEmpty ? "\(redis)" : "\(redis), keys that begin with \(keys.prefix)"
    }
}
