/// The JSON of `alerts.rules`.
extension AlertRule {
    private enum Field: String, CaseIterable, Sendable {
        case ruleID = "rule_id"
        case coinID = "coin_id"
        case vsCurrency = "vs_currency"
        case kind
        case threshold
        case window
        case cooldown
        case enabled
    }

    private static let fields = JSONFields<Field>(
        required: [.ruleID, .coinID, .vsCurrency, .kind, .threshold]
    )

    /// Reads a rule, which people write: `cooldown` is none and `enabled` is true where they aren't given, unknown
    /// fields are ignored, `null` is the same as an optional field that isn't there.
    /// - Throws: ``JSONError`` when the bytes aren't one JSON object of that shape, or the rule has a ``fault``.
    public init(json: Span<UInt8>) throws(JSONError) {
        self.init(ruleID: "", coinID: "", vsCurrency: "", kind: .above, threshold: .zero)
        try AlertRule.fields.readObject(json) { field, scanner throws(JSONError) in
            try read(field, from: &scanner)
        }
        if let fault { throw JSONError(.invalidValue(fault), at: json.count) }
    }

    private mutating func read(_ field: Field, from scanner: inout JSONScanner) throws(JSONError) {
        switch field {
        case .ruleID: ruleID = try scanner.string()
        case .coinID: coinID = try scanner.string()
        case .vsCurrency: vsCurrency = try scanner.string()
        case .kind: kind = try scanner.choice()
        case .threshold: threshold = try scanner.price()
        case .window: windowMicroseconds = try scanner.isNull() ? nil : scanner.duration()
        case .cooldown: cooldownMicroseconds = try scanner.isNull() ? 0 : scanner.duration()
        case .enabled: enabled = try scanner.isNull() ? true : scanner.bool()
        }
    }

    /// Why the rule can't be used, or nil when it can.
    public var fault: String? {
        if coinID.isEmpty { return "coin_id must not be empty; * means every coin" }
        if let fault = RecordLimit.fault("rule_id", ruleID, atMost: RecordLimit.ruleID) { return fault }
        if let fault = RecordLimit.fault("coin_id", coinID, atMost: RecordLimit.coinID) { return fault }
        if let fault = RecordLimit.fault("vs_currency", vsCurrency, atMost: RecordLimit.vsCurrency) { return fault }
        if let windowMicroseconds, windowMicroseconds <= 0 { return "window must be longer than nothing" }
        if cooldownMicroseconds < 0 { return "cooldown must not be negative" }
        switch kind {
        case .above, .below:
            if threshold <= .zero { return "threshold must be a positive price for \(kind.rawValue)" }
        case .changePct:
            if windowMicroseconds == nil { return "change_pct needs a window" }
            if threshold == .zero { return "threshold must not be zero for change_pct" }
        }
        return nil
    }

    /// Writes the rule as one JSON object; `window` is left out when there is none.
    public func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("rule_id", ruleID)
        writer.member("coin_id", coinID)
        writer.member("vs_currency", vsCurrency)
        writer.member("kind", kind.rawValue)
        writer.member("threshold", threshold)
        if let windowMicroseconds {
            writer.key("window")
            writer.duration(microseconds: windowMicroseconds)
        }
        writer.key("cooldown")
        writer.duration(microseconds: cooldownMicroseconds)
        writer.member("enabled", enabled)
        writer.endObject()
    }
}
