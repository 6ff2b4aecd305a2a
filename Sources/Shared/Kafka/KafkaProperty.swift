import CRdKafka

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

    /// Finds the properties that environment variables name: `KAFKA_SECURITY_PROTOCOL` is `security.protocol`.
    ///
    /// Variables that Kubernetes makes for a Service called `kafka` are passed over.
    /// - Parameters:
    ///   - variables: those whose names start with `KAFKA_`, without our own settings.
    /// - Throws: ``SettingsError`` with each variable that librdkafka doesn't know, or whose value it refuses.
    public static func from(variables: [String: String]) throws(SettingsError) -> [String: String] {
        let names = Dictionary(kinds.keys.map { (variable($0), $0) }, uniquingKeysWith: { first, _ in first })
        var properties: [String: String] = [:]
        var problems: [SettingsProblem] = []
        for (variable, value) in variables.sorted(by: { $0.key < $1.key }) where !isServiceLink(variable) {
            if let property = names[variable] {
                properties[property] = value
                if let reason = refusal(of: property, value) {
                    problems.append(SettingsProblem(name: variable, reason: "is refused by librdkafka: \(reason)"))
                }
            } else {
                let reason = "is no setting, allowed: KAFKA_ and a property of librdkafka \(version), with _ for ."
                problems.append(SettingsProblem(name: variable, reason: reason))
            }
        }
        if !problems.isEmpty {
            throw SettingsError(problems)
        }
        return properties
    }

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

    private static func variable(_ property: String) -> String {
        "KAFKA_" + String(property.uppercased().map { $0 == "." || $0 == "-" ? "_" : $0 })
    }

    /// `KAFKA_PORT`, `KAFKA_PORT_9092_TCP_ADDR`, `KAFKA_SERVICE_HOST`: see "Environment variables" in Kubernetes'
    /// documentation of Services.
    private static func isServiceLink(_ variable: String) -> Bool {
        variable == "KAFKA_PORT" || variable.hasPrefix("KAFKA_PORT_") || variable.hasPrefix("KAFKA_SERVICE_")
    }
}
