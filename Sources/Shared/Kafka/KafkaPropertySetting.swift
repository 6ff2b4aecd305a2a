/// The properties that are passed on to librdkafka, as one setting of many variables.
struct KafkaPropertySetting: SettingDescription {
    let name = "KAFKA_<PROPERTY>"
    let formerName: String? = nil
    let help =
        "Any property of librdkafka, with _ for . (KAFKA_SECURITY_PROTOCOL is security.protocol); it wins over ours. "
        + "Secrets also from a file: KAFKA_SASL_PASSWORD_FILE."
    let allowed = "what librdkafka allows"
    let defaultText: String? = nil
    let isSecret = false

    /// Every variable that begins so; those that are no property are somebody else's (`KAFKA_HOME`).
    func takes(_ variable: String) -> Bool {
        variable.hasPrefix("KAFKA_")
    }

    func problems(in reader: SettingsReader) -> [SettingsProblem] {
        do {
            _ = try KafkaProperty.from(variables: reader.variables(prefix: "KAFKA_"))
            return []
        } catch {
            return error.problems
        }
    }

    func values(in reader: SettingsReader) -> [String] {
        let variables = reader.variables(prefix: "KAFKA_")
        let lines = variables.sorted { $0.key < $1.key }.compactMap { variable, value -> String? in
            switch KafkaProperty.meaning(of: variable) {
            case .value(let property):
                let isSecret = KafkaProperty.isSecret(property)
                return "\(variable)=" + (isSecret ? SettingsProblem.hidden : SettingsProblem.singleLine(value))
            case .file(let property):
                return "\(KafkaProperty.variable(property))=\(SettingsProblem.hidden) (from \(variable))"
            case nil:
                return nil
            }
        }
        return lines.isEmpty ? ["\(name) (not set)"] : lines
    }
}
