/// One setting from the environment: its name, meaning, default, and how its text becomes a value.
///
/// Declared once as a static of the service's settings, listed in its `all`, read with ``SettingsReader/value(_:)``:
/// ```swift
/// static let batchSize = Setting.integer("PERSISTER_BATCH_SIZE", in: 1...100_000, default: 5000, help: "Rows a COPY.")
/// ```
public struct Setting<Value: Sendable>: SettingDescription {
    /// The environment variable.
    public let name: String
    /// The name that it had, and that still works.
    public let formerName: String?
    /// What it does, in one sentence.
    public let help: String
    /// What is allowed, in words.
    public let allowed: String
    /// The value it has when it isn't set, as text; nil if there is none.
    public let defaultText: String?
    /// Whether its value is kept out of logs and errors, and may come from the file named by `NAME_FILE`.
    public let isSecret: Bool
    /// How `--check-config` shows a secret; nil where nothing of it may be seen.
    let masked: (@Sendable (String) -> String)?
    /// The value of a text; nil when it doesn't parse or is out of range.
    let parse: @Sendable (String) -> Value?

    /// A setting of any type; the statics (``text(_:default:secret:masked:allowed:help:where:)`` and so on) cover
    /// most of them.
    /// - Parameters:
    ///   - name: The environment variable.
    ///   - former: The name that it had, and that still works.
    ///   - defaultText: What it is when not set, as text; it goes through `parse` as well.
    ///   - secret: Whether its value is kept out of logs and errors, and may come from `NAME_FILE`.
    ///   - masked: How `--check-config` shows a secret, such as ``MaskedURL/text(_:)``; nil where nothing of it may be
    ///     seen.
    ///   - allowed: What is allowed, in words.
    ///   - help: What it does, in one sentence.
    ///   - parse: The value of a text that isn't empty; nil when it isn't allowed.
    public init(
        _ name: String,
        formerly former: String? = nil,
        default defaultText: String? = nil,
        secret: Bool = false,
        masked: (@Sendable (String) -> String)? = nil,
        allowed: String,
        help: String,
        parse: @escaping @Sendable (String) -> Value?
    ) {
        self.name = name
        self.formerName = former
        self.help = help
        self.allowed = allowed
        self.defaultText = defaultText
        self.isSecret = secret
        self.masked = masked
        self.parse = parse
    }

    /// Its own variable, its former one, and for a secret `NAME_FILE`.
    public func takes(_ variable: String) -> Bool {
        variable == name || variable == formerName || isSecret && variable == name + "_FILE"
    }

    /// Why the value in the environment cannot be used, if so.
    public func problems(in reader: SettingsReader) -> [SettingsProblem] {
        do {
            _ = try reader.optional(self)
            return []
        } catch {
            return error.problems
        }
    }

    /// Its value, as one line.
    public func values(in reader: SettingsReader) -> [String] {
        guard reader.isSet(self), let text = try? reader.text(of: self) else {
            return [defaultText.map { "\(name)=\($0) (default)" } ?? "\(name) (not set)"]
        }
        guard isSecret else {
            let origin = reader.formerName(of: self).map { " (from \($0))" } ?? ""
            return ["\(name)=\(SettingsProblem.singleLine(text))\(origin)"]
        }
        let shown = masked.map { SettingsProblem.singleLine($0(text)) } ?? SettingsProblem.hidden
        return ["\(name)=\(shown)" + (reader.isSetByFile(self) ? " (from \(name)_FILE)" : "")]
    }
}
