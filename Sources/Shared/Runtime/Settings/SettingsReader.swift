import FoundationEssentials

/// Reads settings strictly: a value that is there must be allowed. An empty value counts as not set.
public struct SettingsReader: Sendable {
    private let environment: [String: String]

    /// Reads from the given variables.
    public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        self.environment = environment
    }

    /// Checks settings and reports all that is wrong with them at once.
    /// - Throws: ``SettingsError`` with a problem for each setting that cannot be used, and for each variable that looks like
    ///   the misspelt name of one that isn't set. Other variables are somebody else's: those of the other services, and
    ///   those that Kubernetes makes, such as `CACHER_PORT`.
    public func check(_ settings: [any SettingDescription]) throws(SettingsError) {
        let names = settings.map(\.name)
        let misspelt = environment.keys.sorted().compactMap { variable -> SettingsProblem? in
            guard self.variable(variable) != nil, !settings.contains(where: { $0.takes(variable) }),
                let near = NearName.of(variable, among: names), self.variable(near) == nil
            else { return nil }
            return .misspelt(variable, near: near)
        }
        let problems = settings.flatMap { $0.problems(in: self) } + misspelt
        if !problems.isEmpty {
            throw SettingsError(problems)
        }
    }

    /// The value of a setting, or its default.
    /// - Throws: ``SettingsError`` if it isn't allowed, or neither set nor given a default.
    public func value<Value>(_ setting: Setting<Value>) throws(SettingsError) -> Value {
        guard let value = try optional(setting) else {
            throw SettingsError([.missing(setting)])
        }
        return value
    }

    /// The value of a setting, or its default, or nil if it has neither.
    /// - Throws: ``SettingsError`` if it is set to something that isn't allowed.
    public func optional<Value>(_ setting: Setting<Value>) throws(SettingsError) -> Value? {
        guard let text = try text(of: setting) ?? setting.defaultText else { return nil }
        guard let value = setting.parse(text) else {
            throw SettingsError([.notAllowed(setting, as: formerName(of: setting) ?? setting.name, value: text)])
        }
        return value
    }

    /// Whether a setting is given by the environment, rather than by its default.
    public func isSet(_ setting: some SettingDescription) -> Bool {
        variable(setting.name) != nil || formerName(of: setting) != nil || isSetByFile(setting)
    }

    /// The former name of a setting if that is what gives it.
    func formerName(of setting: some SettingDescription) -> String? {
        setting.formerName.flatMap { variable($0) == nil ? nil : $0 }
    }

    /// Whether a secret is given by the file that `NAME_FILE` names.
    func isSetByFile(_ setting: some SettingDescription) -> Bool {
        setting.isSecret && variable(setting.name + "_FILE") != nil
    }

    /// All variables whose names begin so and whose values aren't empty, by full name: for settings that are passed on
    /// to a library as they are.
    public func variables(prefix: String) -> [String: String] {
        environment.filter { $0.key.hasPrefix(prefix) && !$0.value.isEmpty }
    }

    // MARK: - Text

    private func variable(_ name: String) -> String? {
        let text = environment[name]
        return text?.isEmpty == true ? nil : text
    }

    /// The text of a setting that the environment gives, from its variable or its file; nil if neither does.
    func text(of setting: some SettingDescription) throws(SettingsError) -> String? {
        let direct = variable(setting.name)
        if let former = formerName(of: setting) {
            guard direct == nil else {
                throw SettingsError([.bothSet(setting.name, former)])
            }
            return variable(former)
        }
        let fileName = setting.name + "_FILE"
        guard setting.isSecret, let path = variable(fileName) else { return direct }
        guard direct == nil else {
            throw SettingsError([.bothSet(setting.name, fileName)])
        }
        let secret = try Self.secret(inFile: path, variable: fileName)
        return secret.isEmpty ? nil : secret
    }

    /// The secret in a file, without line feeds at its end.
    /// - Parameter variable: The variable that names the file.
    /// - Throws: ``SettingsError`` if the file cannot be read.
    static func secret(inFile path: String, variable: String) throws(SettingsError) -> String {
        guard var secret = try? String(contentsOfFile: path, encoding: .utf8) else {
            let shown = SettingsProblem.singleLine(path)
            let reason = "is \"\(shown)\", which cannot be read, allowed: the path of a UTF-8 text file"
            throw SettingsError([SettingsProblem(name: variable, reason: reason)])
        }
        while secret.last?.isNewline == true {
            secret.removeLast()
        }
        return secret
    }
}
