import CRdKafka
import Glibc
import Logging

/// librdkafka's table of properties, as the linked version prints it.
public enum KafkaProperty {
    /// For each property: `C` for consumers, `P` for producers, `*` for both.
    public static let kinds: [String: String] = {
        guard let text = tickline_properties() else {
            return [:]
        }
        defer { free(text) }
        var kinds: [String: String] = [:]
        for line in String(cString: text).split(separator: "\n") {
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).map { cell in
                String(cell.drop { $0 == " " }.prefix { $0 != " " })
            }
            if cells.count >= 3, ["C", "P", "*"].contains(cells[1]) {
                kinds[cells[0]] = cells[1]
            }
        }
        return kinds
    }()

    /// What a variable is for librdkafka.
    enum Meaning {
        /// The value of a property: `KAFKA_SECURITY_PROTOCOL` is `security.protocol`.
        case value(String)
        /// The path of a file with the value of a secret property: `KAFKA_SASL_PASSWORD_FILE`.
        case file(String)
    }

    /// What a variable that begins with `KAFKA_` is for librdkafka; nil if it is a setting of ours or somebody else's.
    static func meaning(of variable: String) -> Meaning? {
        if KafkaSettings.ownVariables.contains(variable) { return nil }
        if let property = properties[variable] { return .value(property) }
        guard variable.hasSuffix("_FILE"), let property = properties[String(variable.dropLast(5))], isSecret(property)
        else { return nil }
        return .file(property)
    }

    /// Finds the properties that environment variables name.
    ///
    /// Variables that are none and don't look like one misspelt are somebody else's: Kafka's own scripts have
    /// `KAFKA_HOME` and `KAFKA_OPTS`, Kubernetes makes `KAFKA_PORT` for a Service called `kafka`.
    /// - Parameter variables: those whose names start with `KAFKA_`.
    /// - Throws: ``SettingsError`` with each variable that looks like a misspelt one that isn't set, whose value librdkafka refuses,
    ///   or whose file can't be read.
    public static func from(variables: [String: String]) throws(SettingsError) -> [String: String] {
        var found: [String: String] = [:]
        var problems: [SettingsProblem] = []
        for (variable, text) in variables.sorted(by: { $0.key < $1.key }) {
            do {
                guard let (property, value) = try read(variable, text, beside: variables) else { continue }
                found[property] = value
                if let reason = refusal(of: property, value) {
                    problems.append(SettingsProblem(name: variable, reason: "is refused by librdkafka: \(reason)"))
                } else if property.hasSuffix(".location"), value != "probe", access(value, R_OK) != 0 {
                    // librdkafka looks at certificates and keys when a client is made, not before.
                    let reason =
                        "is \"\(SettingsProblem.singleLine(value))\", allowed: a file or folder that can be read"
                    problems.append(SettingsProblem(name: variable, reason: reason))
                }
            } catch {
                problems += error.problems
            }
        }
        if !problems.isEmpty {
            throw SettingsError(problems)
        }
        return found
    }

    /// The property that a variable gives, and its value; nil if the variable is somebody else's.
    private static func read(
        _ variable: String,
        _ text: String,
        beside variables: [String: String]
    ) throws(SettingsError) -> (property: String, value: String)? {
        switch meaning(of: variable) {
        case .value(let property):
            return (property, text)
        case .file(let property):
            let name = self.variable(property)
            guard variables[name] == nil else {
                throw SettingsError([.bothSet(name, variable)])
            }
            return (property, try SettingsReader.secret(inFile: text, variable: variable))
        case nil:
            guard !KafkaSettings.ownVariables.contains(variable) else { return nil }
            let near = notProperties.contains(variable) ? nil : NearName.of(variable, among: misspellable)
            if let near, variables[near] == nil {
                throw SettingsError([.misspelt(variable, near: near)])
            }
            Logger(label: "kafka").debug("\(variable) is no property of librdkafka \(version): ignored")
            return nil
        }
    }

    /// Whether the value of a property must not be shown.
    static func isSecret(_ property: String) -> Bool {
        ["password", "passphrase", "secret", "pem", "oauthbearer.config"].contains { property.contains($0) }
    }

    /// The properties by their variables.
    private static let properties = Dictionary(
        kinds.keys.map { (variable($0), $0) },
        uniquingKeysWith: { first, _ in first }
    )
    /// What somebody may have meant: all but the callbacks, which no text can set, and our own settings.
    private static let misspellable =
        properties.keys.filter { !$0.hasSuffix("_CB") } + KafkaSettings.ownVariables
    /// Variables of compose/ that are near a property (`partitioner`) and aren't meant for it.
    private static let notProperties = ["KAFKA_PARTITIONS"]

    /// Why librdkafka refuses a value; `nil` if it takes it.
    private static func refusal(of property: String, _ value: String) -> String? {
        let configuration = rd_kafka_conf_new()
        defer { rd_kafka_conf_destroy(configuration) }
        var text = [CChar](repeating: 0, count: 512)
        if rd_kafka_conf_set(configuration, property, value, &text, text.count) == RD_KAFKA_CONF_OK {
            return nil
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// librdkafka's version.
    public static var version: String {
        String(cString: rd_kafka_version_str())
    }

    /// The variable that names a property.
    static func variable(_ property: String) -> String {
        "KAFKA_" + String(property.uppercased().map { $0 == "." || $0 == "-" ? "_" : $0 })
    }
}
