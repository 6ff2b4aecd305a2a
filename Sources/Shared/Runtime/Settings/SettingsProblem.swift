/// One setting that cannot be used: which, what it says, and what is allowed.
public struct SettingsProblem: Sendable, Equatable, CustomStringConvertible {
    /// The environment variable.
    public let name: String
    /// The rest of the line: what is wrong and what is allowed. Secrets are redacted already.
    public let reason: String

    /// A problem in the words of the caller, for rules between settings.
    public init(name: String, reason: String) {
        self.name = name
        self.reason = reason
    }

    /// What stands for a value of which nothing may be seen.
    static let hidden = "(a secret, not shown)"

    /// A value that doesn't parse or is out of range.
    static func notAllowed(_ setting: some SettingDescription, as name: String, value: String) -> SettingsProblem {
        let shown = setting.isSecret ? hidden : "\"\(singleLine(value))\""
        return SettingsProblem(name: name, reason: "is \(shown), allowed: \(setting.allowed)")
    }

    /// A setting without a default that isn't set.
    static func missing(_ setting: some SettingDescription) -> SettingsProblem {
        SettingsProblem(name: setting.name, reason: "is not set and has no default, allowed: \(setting.allowed)")
    }

    /// A variable that no setting takes, but that looks like one.
    static func misspelt(_ variable: String, near setting: String) -> SettingsProblem {
        SettingsProblem(name: variable, reason: "is no setting: did you mean \(setting)?")
    }

    /// A value that is given by two variables: a secret also by a file, a setting also by its former name.
    static func bothSet(_ name: String, _ fileName: String) -> SettingsProblem {
        SettingsProblem(name: name, reason: "and \(fileName) are both set, allowed: one")
    }

    /// The problem in one line.
    public var description: String {
        "\(name) \(reason)"
    }

    /// A value as it can stand in one line of a log: control characters escaped, cut after 200 characters.
    static func singleLine(_ value: String) -> String {
        let cut = value.prefix(200)
        let escaped = cut.unicodeScalars.map {
            $0.properties.generalCategory == .control ? $0.escaped(asASCII: true) : String($0)
        }
        return escaped.joined() + (cut.endIndex == value.endIndex ? "" : "…")
    }
}
