/// The settings of a service for people: in `--help`, with their values in `--check-config`, and as a table of docs/settings.md.
public enum SettingsTable {
    /// For a terminal of 80 columns: each setting with its default, and its meaning below, indented.
    public static func text(_ settings: [any SettingDescription]) -> String {
        let blocks = settings.map { setting in
            let former = setting.formerName.map { " Formerly \($0), which still works." } ?? ""
            let body = "\(setting.help)\(former) Allowed: \(setting.allowed)."
            return "  \(setting.name)  \(presence(of: setting))\n" + wrapped(body, indent: 6, columns: 78)
        }
        return (["SETTINGS (environment variables):"] + blocks).joined(separator: "\n")
    }

    /// For docs/settings.md: one row a setting.
    public static func markdown(_ settings: [any SettingDescription]) -> String {
        let rows = settings.map { setting in
            let secret =
                setting.isSecret ? " A secret: can also be read from the file named by `\(setting.name)_FILE`." : ""
            let former = setting.formerName.map { " Formerly `\($0)`, which still works." } ?? ""
            let meaning = setting.help + secret + former
            let cells = ["`\(setting.name)`", markdownDefault(of: setting), meaning, setting.allowed]
            return "| " + cells.map(escaped).joined(separator: " | ") + " |"
        }
        return (["| setting | default | meaning | allowed |", "|---|---|---|---|"] + rows).joined(separator: "\n")
            + "\n"
    }

    /// The values that are in force, as `NAME=value` lines with where each comes from; secrets are masked.
    public static func values(_ settings: [any SettingDescription], in reader: SettingsReader) -> String {
        settings.flatMap { $0.values(in: reader) }.joined(separator: "\n")
    }

    private static func presence(of setting: any SettingDescription) -> String {
        let secret = setting.isSecret ? ", secret, or \(setting.name)_FILE" : ""
        if let text = setting.defaultText {
            return "(default: \(text.isEmpty ? "empty" : text)\(secret))"
        }
        return "(not set\(secret))"
    }

    private static func markdownDefault(of setting: any SettingDescription) -> String {
        guard let text = setting.defaultText else { return "" }
        return text.isEmpty ? "(empty)" : "`\(text)`"
    }

    private static func escaped(_ cell: String) -> String {
        cell.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }

    private static func wrapped(_ text: String, indent: Int, columns: Int) -> String {
        let margin = String(repeating: " ", count: indent)
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + 1 + word.count <= columns {
                lines[lines.count - 1] = last + " " + word
            } else {
                lines.append(margin + word)
            }
        }
        return lines.joined(separator: "\n")
    }
}
