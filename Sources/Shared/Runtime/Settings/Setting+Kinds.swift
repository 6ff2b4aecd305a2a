extension Setting where Value == String {
    /// A setting that is text.
    public static func text(
        _ name: String,
        default defaultText: String? = nil,
        secret: Bool = false,
        masked: (@Sendable (String) -> String)? = nil,
        allowed: String = "any text",
        help: String,
        where accepts: @escaping @Sendable (String) -> Bool = { _ in true }
    ) -> Setting {
        Setting(
            name,
            default: defaultText,
            secret: secret,
            masked: masked,
            allowed: allowed,
            help: help
        ) {
            accepts($0) ? $0 : nil
        }
    }
}

extension Setting where Value == Int {
    /// A setting that is a whole number within bounds, both included.
    public static func integer(
        _ name: String,
        in range: ClosedRange<Int>,
        default defaultValue: Int? = nil,
        help: String
    ) -> Setting {
        let allowed =
            range.upperBound == .max
            ? "a whole number from \(range.lowerBound)"
            : "a whole number from \(range.lowerBound) to \(range.upperBound)"
        return Setting(
            name,
            default: defaultValue.map(String.init),
            allowed: allowed,
            help: help
        ) { text in
            Int(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }
}

extension Setting where Value == Duration {
    /// A setting that is a span of time, as a number and its unit: `250ms`, `10s`, `5m`, `1h`.
    /// - Parameters:
    ///   - range: Bounds in the same notation, both included.
    ///   - defaultText: The default in the same notation.
    public static func duration(
        _ name: String,
        from lowest: String = "0s",
        to highest: String = "24h",
        default defaultText: String? = nil,
        help: String
    ) -> Setting {
        let lower = TextDuration.microseconds(lowest) ?? 0
        let upper = TextDuration.microseconds(highest) ?? .max
        return Setting(
            name,
            default: defaultText,
            allowed: "a time from \(lowest) to \(highest), such as 250ms, 10s, 5m or 1h",
            help: help
        ) { text in
            guard let microseconds = TextDuration.microseconds(text), lower <= microseconds, microseconds <= upper
            else { return nil }
            return .microseconds(microseconds)
        }
    }
}

extension Setting where Value == Bool {
    /// A setting that is on or off.
    public static func flag(_ name: String, default defaultValue: Bool, help: String) -> Setting {
        Setting(name, default: defaultValue ? "true" : "false", allowed: "true or false", help: help) { text in
            switch text.lowercased() {
            case "true", "1", "yes", "on": true
            case "false", "0", "no", "off": false
            default: nil
            }
        }
    }
}

extension Setting where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
    /// A setting that is one of the cases of an enumeration, by raw value.
    /// - Parameter others: Other words for some of the cases, in lower case.
    public static func choice(
        _ name: String,
        formerly former: String? = nil,
        default defaultValue: Value? = nil,
        alsoCalled others: [String: Value] = [:],
        help: String
    ) -> Setting {
        Setting(
            name,
            formerly: former,
            default: defaultValue?.rawValue,
            allowed: Value.allCases.map(\.rawValue).joined(separator: ", "),
            help: help
        ) { text in
            Value(rawValue: text) ?? Value(rawValue: text.lowercased()) ?? others[text.lowercased()]
        }
    }
}

extension Setting where Value == [String] {
    /// A setting that is a list, comma-separated; spaces around the elements don't count, empty elements neither.
    public static func list(
        _ name: String,
        default defaultText: String? = nil,
        allowed: String = "a comma-separated list",
        help: String,
        where accepts: @escaping @Sendable (String) -> Bool = { _ in true }
    ) -> Setting {
        Setting(name, default: defaultText, allowed: allowed, help: help) { text in
            let elements = text.split(separator: ",").map { $0.trimmingSpaces() }.filter { !$0.isEmpty }
            return !elements.isEmpty && elements.allSatisfy(accepts) ? elements : nil
        }
    }
}

extension StringProtocol {
    /// The text without white space at either end.
    func trimmingSpaces() -> String {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }
}
