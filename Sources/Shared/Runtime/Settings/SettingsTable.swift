/// The settings of a service for people: in `--help`, and as the table of the README.
public enum SettingsTable {
    /// For a terminal: each setting with its default, and its meaning below, indented.
    public static func text(_ settings: [any SettingDescription]) -> String {
        let lines = settings.map { setting in
            "  \(setting.name)  \(presence(of: setting))\n      \(setting.help)\n      Allowed: \(setting.allowed)."
        }
        return (["SETTINGS (environment variables):"] + lines).joined(separator: "\n")
    }

    /// For the README: one row a setting.
    public static func markdown(_ settings: [any SettingDescription]) -> String {
        let rows = settings.map { setting in
            let cells = ["`\(setting.name)`", markdownDefault(of: setting), setting.help, setting.allowed]
            return "| " + cells.map(escaped).joined(separator: " | ") + " |"
        }
        return (["| setting | default | meaning | allowed |", "|---|---|---|---|"] + rows).joined(separator: "\n")
            + "\n"
    }

    private static func presence(of setting: any SettingDescription) -> String {
        let secret = setting.isSecret ? ", secret, or \(setting.name)_FILE" : ""
        if let text = setting.defaultText {
            return "(default: \(text)\(secret))"
        }
        return setting.isRequired ? "(required\(secret))" : "(not set\(secret))"
    }

    private static func markdownDefault(of setting: any SettingDescription) -> String {
        if let text = setting.defaultText {
            return "`\(text)`"
        }
        return setting.isRequired ? "(required)" : ""
    }

    private static func escaped(_ cell: String) -> String {
        cell.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }
}
